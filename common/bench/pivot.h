#pragma once
/// Results as tables of layers by backends, and of lengths or widths by backends, in Markdown.

#include "common/bench/document.h"

namespace workbook::bench {

/// @param command printed at the top: what made the page
std::string as_pivot_tables(const std::vector<Document>& documents, const std::string& command);

}  // namespace workbook::bench
