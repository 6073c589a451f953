#pragma once
/// Flash attention as the eight lanes of a query share it, in double, with one idea wrong in how they agree. Lane x has
/// the keys key_of(x, j) of every tile and the columns column_of(x, c) of the output.

#include <array>

#include "common/checker/attention/inputs.h"
#include "common/oracle/attention_scores.h"
#include "cuda_flash.h"

namespace workbook::cuda_flash {

using namespace attention_tests;

/// What the lanes of a query do not agree on.
enum class Disagreement {
  maximum_not_shared,  ///< each lane has the maximum of its own keys
  maximum_of_lane_0,   ///< lane x has the maximum of lanes x to 7: only lane 0 has that of all
  sum_not_shared,      ///< each lane divides by the sum over its own keys
  sum_counted_again,   ///< the lanes add up their sums after every tile, and go on from the total, each of them
};

namespace detail {

/// One query in its eight lanes.
class Lanes {
 public:
  Lanes(Disagreement wrong, std::span<double> out) : wrong_(wrong), out_(out) {}

  /// Takes in a tile: scores, -inf where hidden, and a key's values.
  template <class Values>
  void meet(std::span<const double> scores, Values values) {
    const auto largest = maxima(scores);
    if (std::ranges::max(largest) == kNone) return;
    for (std::size_t x = 0; x < 8; ++x) {
      const double before = max_[x];
      max_[x] = std::max(before, largest[x]);
      factor_[x] = max_[x] == kNone ? 1 : std::exp(before - max_[x]);
      sum_[x] *= factor_[x];
    }
    for (std::size_t d = 0; d < out_.size(); ++d) out_[d] *= factor_[d / 4 % 8];
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (scores[j] == kNone) continue;
      const double weight = std::exp(scores[j] - max_[j % 8]);
      sum_[j % 8] += weight;
      for (std::size_t d = 0; d < out_.size(); ++d) out_[d] += weight * double{values(j)[d]};
    }
    if (wrong_ == Disagreement::sum_counted_again) sum_.fill(total());
  }

  void finish() {
    const bool own = wrong_ == Disagreement::sum_not_shared || wrong_ == Disagreement::sum_counted_again;
    for (std::size_t d = 0; d < out_.size(); ++d) {
      const double sum = own ? sum_[d / 4 % 8] : total();
      out_[d] = sum == 0 ? 0 : out_[d] / sum;
    }
  }

 private:
  static constexpr double kNone = -std::numeric_limits<double>::infinity();

  /// What each lane takes for the largest score.
  std::array<double, 8> maxima(std::span<const double> scores) const {
    std::array<double, 8> largest;
    largest.fill(kNone);
    for (std::size_t j = 0; j < scores.size(); ++j) largest[j % 8] = std::max(largest[j % 8], scores[j]);
    if (wrong_ == Disagreement::maximum_of_lane_0)
      for (std::size_t x = 7; x-- > 0;) largest[x] = std::max(largest[x], largest[x + 1]);
    else if (wrong_ != Disagreement::maximum_not_shared)
      largest.fill(std::ranges::max(largest));
    return largest;
  }
  double total() const {
    double sum = 0;
    for (const double x : sum_) sum += x;
    return sum;
  }

  Disagreement wrong_;
  std::span<double> out_;
  std::array<double, 8> max_{kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone}, sum_{}, factor_{};
};

}  // namespace detail

/// The output if the lanes of every query disagree like this.
inline Tensor64 lane_walk(const Inputs& in, Mask mask, Disagreement wrong) {
  const Tensor64 scores = oracle::attention_scores(in.q, in.k, formula(in, mask).visible);
  const std::int64_t n_rep = in.q.dim(1) / in.k.dim(1);
  Tensor64 out(in.q.shape());
  for (std::int64_t b = 0; b < in.q.dim(0); ++b)
    for (std::int64_t h = 0; h < in.q.dim(1); ++h)
      for (std::int64_t i = 0; i < in.q_len(); ++i) {
        detail::Lanes lanes(wrong, out.row(b, h, i));
        for (std::int64_t first = 0; first < in.kv_len(); first += kTile) {
          const auto count = static_cast<std::size_t>(std::min<std::int64_t>(kTile, in.kv_len() - first));
          const auto tile = scores.row(b, h, i).subspan(static_cast<std::size_t>(first), count);
          lanes.meet(tile, [&](std::size_t j) { return in.v.row(b, h / n_rep, first + std::int64_t(j)); });
        }
        lanes.finish();
      }
  return out;
}

}  // namespace workbook::cuda_flash
