#pragma once
/// How far float may be from a part's exact sums, and the checks that use it.
///
/// Write n for the keys, d = x_j - max, u = 2^-24. Subtracting costs |d| u in the exponent, averaged over softmax at
/// most log(n) u; exp is right to 2u; adding n terms costs n u. A rescaling is one more subtraction, exponential and
/// multiplication, and the merged sum one more addition: 4u each time. What the subtractions cost in the exponent adds
/// up to |d| u again, because maxima only grow: their steps add up to d.

#include "exact.h"

namespace workbook::online_softmax {

/// For the largest logit.
inline Tolerance max_tolerance() { return {0, 0, "max: one of the logits, unchanged"}; }

/// Relative error, in units of u, of a sum over n weights that was rescaled `merges` times.
inline double sum_error(std::int64_t n, std::int64_t merges) {
  return static_cast<double>(n) + 2 * std::log(static_cast<double>(n + 1)) + 4 * static_cast<double>(merges) + 8;
}

inline Tolerance sum_tolerance(std::int64_t n, std::int64_t merges) {
  return {0, sum_error(n, merges) * kUnitRoundoff, "sum: rounding of " + std::to_string(n) + " terms"};
}

/// Error of a logit: a dot product of head_dim terms, scaled, by a scale that is itself rounded twice. None of a key's
/// only channel times 1.
inline double logit_error(const Row& row) {
  if (row.head_dim() == 1 && row.q.at(0, 0) == 1) return 0;
  double largest = 0;
  for (std::int64_t j = 0; j < row.kv_len(); ++j) {
    double size = 0;
    for (std::int64_t d = 0; d < row.head_dim(); ++d) size += std::abs(double{row.q.at(0, d)} * double{row.k.at(j, d)});
    largest = std::max(largest, size);
  }
  return (static_cast<double>(row.head_dim()) + 3) * largest * scale_of(row) * kUnitRoundoff;
}

/// Relative error of a weight in attention: that of its logit and of the largest, then the sum's.
inline double weight_error(const Row& row, std::int64_t n, std::int64_t merges) {
  return 2 * logit_error(row) + sum_error(n, merges) * kUnitRoundoff;
}

inline double largest_of(const Tensor64& x) {
  double largest = 0;
  for (const double value : x.values()) largest = std::max(largest, std::abs(value));
  return largest;
}

inline Matches matches_max(const Part& expected, const Row& row) {
  return matches(expected.max, {logit_error(row), 0, "max: rounding of a dot product"});
}
inline Matches matches_sum(const Part& expected, const Row& row, std::int64_t n, std::int64_t merges) {
  return matches(expected.sum, {0, weight_error(row, n, merges),
                                "sum: rounding of the logits and of " + std::to_string(n) + " terms"});
}
inline Matches matches_weighted(const Part& expected, const Row& row, std::int64_t n, std::int64_t merges) {
  return matches(expected.weighted, {weight_error(row, n, merges) * largest_of(expected.weighed), 0,
                                     "weighted: rounding of the logits and of " + std::to_string(n) + " terms"});
}

/// The quotient: weighted's error and sum's, and the division's own.
inline Tolerance attention_tolerance(const Part& all, const Row& row, std::int64_t merges) {
  const double size = all.sum == 0 ? 0 : largest_of(all.weighed) / all.sum;
  return {(2 * weight_error(row, row.kv_len(), merges) + kUnitRoundoff) * size, 0,
          "rounding of the logits and of " + std::to_string(row.kv_len()) + " terms"};
}

}  // namespace workbook::online_softmax
