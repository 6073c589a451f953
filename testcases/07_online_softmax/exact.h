#pragma once
/// Parts of a row in double, and how far float may be from them.

#include <cmath>
#include <limits>
#include <numeric>

#include "common/checker/student.h"

namespace workbook::online_softmax {

using Logits = std::span<const float>;

/// A part of a row as the contract has it, in double; of attention if `weighted` has columns.
struct Part {
  double max = -kInfinity;
  double sum = 0;
  Tensor64 weighted{Shape{1, 0}};  ///< [1, head_dim]
  Tensor64 weighed{Shape{1, 0}};   ///< the same of |v|: what a relative error of the weights is relative to
};

/// exp(x - max), and 0 for -inf.
inline double weight(double x, double max) { return x == -kInfinity ? 0 : std::exp(x - max); }

inline Part part_of(Logits logits) {
  Part part;
  for (const float x : logits) part.max = std::max<double>(part.max, x);
  for (const float x : logits) part.sum += std::isnan(x) ? std::nan("") : weight(x, part.max);
  return part;
}

/// The parts of `seen`, as it is in float, and of the logits.
inline Part extended(const Normalizer& seen, Logits logits) {
  Part part = part_of(logits);
  const double max = std::max<double>(part.max, seen.max);
  part.sum = part.sum * weight(part.max, max) + double{seen.sum} * weight(seen.max, max);
  part.max = max;
  return part;
}

inline Normalizer rounded(const Part& part) {
  return {.max = static_cast<float>(part.max), .sum = static_cast<float>(part.sum)};
}

/// One query and the keys and values of a row.
struct Row {
  Tensor q, k, v;
  std::int64_t kv_len() const { return k.dim(0); }
  std::int64_t head_dim() const { return k.dim(1); }
};

inline Row random_row(std::int64_t kv_len, std::int64_t head_dim, float stddev = 2) {
  return {random_normal({1, head_dim}, stddev), random_normal({kv_len, head_dim}), random_normal({kv_len, head_dim})};
}

inline double logit(const Row& row, std::int64_t j, double scale) {
  const auto q = row.q.row(0), k = row.k.row(j);
  return scale * std::inner_product(q.begin(), q.end(), k.begin(), 0.0, std::plus{},
                                    [](float a, float b) { return double{a} * double{b}; });
}
inline double scale_of(const Row& row) { return 1 / std::sqrt(static_cast<double>(row.head_dim())); }

/// Keys [first, first + count), with another scale if given.
inline Part attended(const Row& row, std::int64_t first, std::int64_t count, double scale = 0) {
  if (scale == 0) scale = scale_of(row);
  Part part{.weighted = Tensor64({1, row.head_dim()}), .weighed = Tensor64({1, row.head_dim()})};
  for (std::int64_t j = first; j < first + count; ++j) part.max = std::max(part.max, logit(row, j, scale));
  for (std::int64_t j = first; j < first + count; ++j) {
    const double w = weight(logit(row, j, scale), part.max);
    part.sum += w;
    for (std::int64_t d = 0; d < row.head_dim(); ++d) {
      part.weighted.at(0, d) += w * row.v.at(j, d);
      part.weighed.at(0, d) += w * std::abs(row.v.at(j, d));
    }
  }
  return part;
}

inline PartialAttention rounded_attention(const Part& part) {
  return {static_cast<float>(part.max), static_cast<float>(part.sum), to_float(part.weighted)};
}

/// weighted / sum; zeros for no keys.
inline Tensor64 finished(Part part) {
  if (part.sum != 0)
    for (double& x : part.weighted.values()) x /= part.sum;
  return part.weighted;
}

}  // namespace workbook::online_softmax
