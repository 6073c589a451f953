#include "common/oracle/rounding.h"

#include <algorithm>
#include <cmath>

namespace workbook::oracle {

Tolerance lost_in_float(const Tensor& in_float, const Tensor64& exact) {
  double error = 0, largest = 0;
  for (std::int64_t i = 0; i < exact.size(); ++i) {
    error = std::max(error, std::abs(in_float.data()[i] - exact.data()[i]));
    largest = std::max(largest, std::abs(exact.data()[i]));
  }
  return {16 * (error + 2 * kUnitRoundoff * largest), 0, "16 times what the formula loses in float"};
}

}  // namespace workbook::oracle
