#include "common/checker/attention/lanes.h"

#include <fmt/format.h>

#include <numeric>
#include <vector>

#include "common/oracle/attention_scores.h"

namespace workbook::attention_tests {

namespace {

/// What the lanes of a row do not agree on.
enum class Disagreement {
  maximum_not_shared,  ///< each lane has the maximum of its own keys
  maximum_of_lane_0,   ///< lane x has the maximum of lanes x and after: only lane 0 has that of all
  sum_not_shared,      ///< each lane divides by the sum over its own keys
  sum_counted_again,   ///< the lanes add up their sums after every tile, and go on from the total, each of them
};

constexpr double kNone = -std::numeric_limits<double>::infinity();

/// One row in its lanes.
class Lanes {
 public:
  Lanes(const SharedRow& shared, Disagreement wrong, std::span<double> out)
      : shared_(shared), wrong_(wrong), out_(out), max_(lanes(), kNone), sum_(lanes()), factor_(lanes()) {}

  /// Takes in a tile: scores, -inf where hidden, and a key's values.
  template <class Values>
  void meet(std::span<const double> scores, Values values) {
    const auto largest = maxima(scores);
    if (std::ranges::max(largest) == kNone) return;
    for (std::size_t x = 0; x < lanes(); ++x) {
      const double before = max_[x];
      max_[x] = std::max(before, largest[x]);
      factor_[x] = max_[x] == kNone ? 1 : std::exp(before - max_[x]);
      sum_[x] *= factor_[x];
    }
    for (std::size_t d = 0; d < out_.size(); ++d) out_[d] *= factor_[of_channel(d)];
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (scores[j] == kNone) continue;
      const double weight = std::exp(scores[j] - max_[of_key(j)]);
      sum_[of_key(j)] += weight;
      for (std::size_t d = 0; d < out_.size(); ++d) out_[d] += weight * double{values(j)[d]};
    }
    if (wrong_ == Disagreement::sum_counted_again) sum_.assign(lanes(), total());
  }

  void finish() {
    const bool own = wrong_ == Disagreement::sum_not_shared || wrong_ == Disagreement::sum_counted_again;
    for (std::size_t d = 0; d < out_.size(); ++d) {
      const double sum = own ? sum_[of_channel(d)] : total();
      out_[d] = sum == 0 ? 0 : out_[d] / sum;
    }
  }

 private:
  std::size_t lanes() const { return static_cast<std::size_t>(shared_.lanes); }
  std::size_t of_key(std::size_t key) const {
    return static_cast<std::size_t>(shared_.lane_of_key(static_cast<int>(key)));
  }
  std::size_t of_channel(std::size_t d) const {
    return static_cast<std::size_t>(shared_.lane_of_channel(static_cast<int>(d)));
  }
  /// What each lane takes for the largest score.
  std::vector<double> maxima(std::span<const double> scores) const {
    std::vector<double> largest(lanes(), kNone);
    for (std::size_t j = 0; j < scores.size(); ++j) largest[of_key(j)] = std::max(largest[of_key(j)], scores[j]);
    if (wrong_ == Disagreement::maximum_of_lane_0)
      for (std::size_t x = lanes() - 1; x-- > 0;) largest[x] = std::max(largest[x], largest[x + 1]);
    else if (wrong_ != Disagreement::maximum_not_shared)
      largest.assign(lanes(), std::ranges::max(largest));
    return largest;
  }
  double total() const { return std::accumulate(sum_.begin(), sum_.end(), 0.); }

  const SharedRow& shared_;
  Disagreement wrong_;
  std::span<double> out_;
  std::vector<double> max_, sum_, factor_;
};

/// The output if the lanes of every row disagree like this.
Tensor64 lane_walk(const Inputs& in, Mask mask, const SharedRow& shared, Disagreement wrong) {
  const Tensor64 scores = oracle::attention_scores(in.q, in.k, formula(in, mask).visible);
  const std::int64_t n_rep = in.q.dim(1) / in.k.dim(1);
  Tensor64 out(in.q.shape());
  for (std::int64_t b = 0; b < in.q.dim(0); ++b)
    for (std::int64_t h = 0; h < in.q.dim(1); ++h)
      for (std::int64_t i = 0; i < in.q_len(); ++i) {
        Lanes lanes(shared, wrong, out.row(b, h, i));
        for (std::int64_t first = 0; first < in.kv_len(); first += shared.kv_tile) {
          const auto count = static_cast<std::size_t>(std::min<std::int64_t>(shared.kv_tile, in.kv_len() - first));
          const auto tile = scores.row(b, h, i).subspan(static_cast<std::size_t>(first), count);
          lanes.meet(tile, [&](std::size_t j) { return in.v.row(b, h / n_rep, first + std::int64_t(j)); });
        }
        lanes.finish();
      }
  return out;
}

}  // namespace

Matches but_not_lanes_that_disagree(Matches right, const Inputs& in, Mask mask, const SharedRow& shared) {
  const auto walk = [&](Disagreement wrong) {
    return [in, mask, shared, wrong] { return lane_walk(in, mask, shared, wrong); };
  };
  const std::string& n = shared.lanes_in_words;
  return std::move(right)
      .but_not(walk(Disagreement::maximum_not_shared),
               fmt::format("each lane goes by the maximum of its own keys: the {} lanes of a query must agree on one, "
                           "or their weights and sums are relative to different numbers",
                           n))
      .but_not(walk(Disagreement::maximum_of_lane_0),
               fmt::format("only lane 0 of the {} has the maximum of all: __shfl_down_sync gives the result to the "
                           "first lane. Every lane needs it: __shfl_xor_sync gives it to all",
                           n))
      .but_not(walk(Disagreement::sum_not_shared),
               fmt::format("each lane divides by the sum over its own keys: add up the {} sums first", n))
      .but_not(walk(Disagreement::sum_counted_again),
               fmt::format("the lanes' sums were added up after every tile, in each of the {} lanes, and then again: "
                           "the past counts {} times. Add them up once, after the last tile",
                           n, n));
}

}  // namespace workbook::attention_tests
