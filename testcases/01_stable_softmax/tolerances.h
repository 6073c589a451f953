#pragma once
/// How far a float softmax may be from the exact one. The contract states these bounds; here is why.
///
/// Write n for cols, d = x_j - m for a shifted logit, u = 2^-24. Subtracting costs |d| u in the exponent, so exp(d) is
/// off by (|d| + 2) u of itself: a library's exp is right to 1 ulp, which is at most 2u. The sum of n positive terms
/// adds n u, and inherits of its terms' |d| u only the average weighted by softmax, which is at most log n.

#include <cmath>

#include "common/tensor/compare.h"

namespace workbook::stable_softmax {

/// A logarithm of the sum: the sum's relative error n + log n + 2 becomes an absolute one, the logarithm's own rounding
/// is 2u of at most log n, and the last addition rounds the result, whatever its size. With the subtraction |d| u that
/// log_softmax has on top, 3u of the result cover both.
inline Tolerance logarithm_tolerance(std::int64_t cols) {
  const auto n = static_cast<double>(cols);
  return {(n + 3 * std::log(n + 1) + 8) * kUnitRoundoff, 3 * kUnitRoundoff,
          "rounding of " + std::to_string(cols) + (cols == 1 ? " term" : " terms") + " and of the result"};
}

/// For what must not differ in a single bit.
inline Tolerance same_bits(std::string reason) { return exact(std::move(reason)); }

}  // namespace workbook::stable_softmax
