#include "common/oracle/attention_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace workbook::oracle {
namespace {

using Row = std::span<const float>;

/// Calls f(batch, head, row, column, row of q, row of k) for every score that somebody sees.
template <class F>
void for_each_score(const Tensor& q, const Tensor& k, const Visible& visible, F f) {
  const std::int64_t n_rep = std::max<std::int64_t>(1, q.dim(1) / std::max<std::int64_t>(1, k.dim(1)));
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h)
      for (std::int64_t i = 0; i < q.dim(2); ++i)
        for (std::int64_t j = 0; j < k.dim(2); ++j)
          if (!visible || visible(i, j)) f(b, h, i, j, q.row(b, h, i), k.row(b, h / n_rep, j));
}

double scale_of(const Tensor& q) { return 1 / std::sqrt(static_cast<double>(q.dim(3))); }

}  // namespace

Tensor64 attention_scores(const Tensor& q, const Tensor& k, const Visible& visible) {
  Tensor64 scores({q.dim(0), q.dim(1), q.dim(2), k.dim(2)}, -std::numeric_limits<double>::infinity());
  const double scale = scale_of(q);
  for_each_score(q, k, visible,
                 [&](std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t j, Row query, Row key) {
                   double sum = 0;
                   for (std::size_t d = 0; d < query.size(); ++d) sum += double{query[d]} * double{key[d]};
                   scores.at(b, h, i, j) = scale * sum;
                 });
  return scores;
}

double score_rounding(const Tensor& q, const Tensor& k) {
  double largest = 0;
  for_each_score(q, k, {}, [&](std::int64_t, std::int64_t, std::int64_t, std::int64_t, Row query, Row key) {
    double size = 0;
    for (std::size_t d = 0; d < query.size(); ++d) size += std::abs(double{query[d]} * double{key[d]});
    largest = std::max(largest, size);
  });
  return (static_cast<double>(q.dim(3)) + 3) * kUnitRoundoff * scale_of(q) * largest;
}

}  // namespace workbook::oracle
