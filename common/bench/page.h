#pragma once
/// What the pages of results are made of: their style, plots and tables.

#include <string>
#include <utility>
#include <vector>

#include "common/bench/document.h"

namespace workbook::bench {

/// A whole page, with the style of all of them: for light and dark screens, phones and paper.
std::string html_page(const std::string& title, const std::string& body);

/// "<td class="text" colspan="2">a &lt; b</td>".
std::string cell(const char* tag, const std::string& text, const std::string& classes, int span = 1);

/// A drawing beside others on a page: its style is the page's.
std::string in_figure(const std::string& svg);

/// The same backend has the same colour in all plots, and those of one layer have different ones.
/// @param backend base_name() of a case
std::string colour_of(const std::string& backend);

/// Numbers that stand out: a name, and a line whose part before the first comma is large.
std::string cards(const std::vector<std::pair<std::string, std::string>>& lines);

/// The four plots of each family of workloads and layer: time, workspace, speedup, memory saved. Empty if there is no
/// family.
std::string sequence_section(const std::vector<Case>& cases);

std::string roofline_of(const Machine& machine, const std::vector<Case>& cases);

/// All columns of one workload's cases [first, last).
std::string case_table(const std::vector<Case>& cases, std::size_t first, std::size_t last);

/// What a time model says, and how well it predicts the cases that it was fitted to; empty without one.
std::string foresight_section(const Document& document);

/// What the simulator counted; empty if it counted nothing.
std::string count_table(const std::vector<Case>& cases);
std::string capability_table(const std::vector<Capability>& all);

/// What the columns mean.
std::string legend();

/// Where it was measured, if that is no CPU: the GPU's name.
std::string device_of(const Document& document);

}  // namespace workbook::bench
