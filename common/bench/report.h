#pragma once
/// Results as one HTML page without scripts, links or files beside it.

#include "common/bench/document.h"

namespace workbook::bench {

/// Plots, roofline, bars and tables of all documents together. Light and dark, on a phone, on paper.
std::string report(const std::vector<Document>& documents);

}  // namespace workbook::bench
