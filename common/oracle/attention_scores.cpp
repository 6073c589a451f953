#include "common/oracle/attention_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace workbook::oracle {
namespace {

/// Calls f(batch, head, row, column, KV head) for every score.
template <class F>
void for_each_score(const Tensor& q, const Tensor& k, F f) {
  const std::int64_t n_rep = std::max<std::int64_t>(1, q.dim(1) / std::max<std::int64_t>(1, k.dim(1)));
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h)
      for (std::int64_t i = 0; i < q.dim(2); ++i)
        for (std::int64_t j = 0; j < k.dim(2); ++j) f(b, h, i, j, h / n_rep);
}

double scale_of(const Tensor& q) { return 1 / std::sqrt(static_cast<double>(q.dim(3))); }

}  // namespace

Tensor64 attention_scores(const Tensor& q, const Tensor& k, const Visible& visible) {
  Tensor64 scores({q.dim(0), q.dim(1), q.dim(2), k.dim(2)}, -std::numeric_limits<double>::infinity());
  for_each_score(q, k, [&](auto b, auto h, auto i, auto j, auto kv_head) {
    if (visible && !visible(i, j)) return;
    double sum = 0;
    for (std::int64_t d = 0; d < q.dim(3); ++d) sum += double{q.at(b, h, i, d)} * double{k.at(b, kv_head, j, d)};
    scores.at(b, h, i, j) = scale_of(q) * sum;
  });
  return scores;
}

double score_rounding(const Tensor& q, const Tensor& k) {
  double largest = 0;
  for_each_score(q, k, [&](auto b, auto h, auto i, auto j, auto kv_head) {
    double size = 0;
    for (std::int64_t d = 0; d < q.dim(3); ++d)
      size += std::abs(double{q.at(b, h, i, d)} * double{k.at(b, kv_head, j, d)});
    largest = std::max(largest, size);
  });
  return (static_cast<double>(q.dim(3)) + 3) * kUnitRoundoff * scale_of(q) * largest;
}

}  // namespace workbook::oracle
