#pragma once
/// What a class has written, measured on one machine, side by side.

#include "common/bench/document.h"

namespace workbook::bench {

/// @param documents one for each person, who is named in it
std::string class_page(const std::vector<Document>& documents);

}  // namespace workbook::bench
