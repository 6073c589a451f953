#pragma once
/// What repeated timings come to.

#include <vector>

namespace workbook::bench {

double mean(const std::vector<double>& values);
/// Standard deviation of a sample (n - 1); 0 for fewer than two values.
double standard_deviation(const std::vector<double>& values);
double median(std::vector<double> values);

}  // namespace workbook::bench
