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
  double base_two = 0;             ///< the same sum of 2^(x_j - max): what exp2 gives
  Tensor64 weighted{Shape{1, 0}};  ///< [1, head_dim]
  Tensor64 weighed{Shape{1, 0}};   ///< the same of |v|: what a relative error of the weights is relative to
};

/// exp(x - max), and 0 for -inf.
inline double weight(double x, double max) { return x == -kInfinity ? 0 : std::exp(x - max); }

inline Part part_of(Logits logits) {
  Part part;
  for (const float x : logits) part.max = std::max<double>(part.max, x);
  for (const float x : logits) part.sum += std::isnan(x) ? std::nan("") : weight(x, part.max);
  for (const float x : logits) part.base_two += x == -kInfinity ? 0 : std::exp2(x - part.max);
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

/// What people do with keys, besides scaling their logits.
struct Habits {
  double scale = 0;          ///< 0: the right one
  bool base_two = false;     ///< exp2 for exp
  double reach = kInfinity;  ///< a key further below the maximum is left out
};

/// Keys [first, first + count).
inline Part attended(const Row& row, std::int64_t first, std::int64_t count, const Habits& habits = {}) {
  const double scale = habits.scale == 0 ? scale_of(row) : habits.scale;
  Part part{.weighted = Tensor64({1, row.head_dim()}), .weighed = Tensor64({1, row.head_dim()})};
  for (std::int64_t j = first; j < first + count; ++j) part.max = std::max(part.max, logit(row, j, scale));
  if (part.max == -kInfinity) return part;
  for (std::int64_t j = first; j < first + count; ++j) {
    const double x = logit(row, j, scale);
    const double w = x < part.max - habits.reach ? 0 : habits.base_two ? std::exp2(x - part.max) : weight(x, part.max);
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
