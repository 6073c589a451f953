#pragma once
/// `bench mine` as one page, to look at, to print and to hand in.

#include "common/bench/document.h"

namespace workbook::bench {

/// The documents of all devices, the CPU's first.
std::string mine_page(const std::vector<Document>& documents);

}  // namespace workbook::bench
