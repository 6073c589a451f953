#pragma once
/// `./workbook bench loop`: from a save to its verdict, lesson by lesson.

#include <string>
#include <vector>

namespace workbook::cli {

/// @param arguments what follows `loop`
int bench_loop(const std::vector<std::string>& arguments);

}  // namespace workbook::cli
