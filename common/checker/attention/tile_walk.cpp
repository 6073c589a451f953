#include "common/checker/attention/tile_walk.h"

#include <limits>
#include <span>
#include <vector>

#include "common/oracle/attention_scores.h"

namespace workbook::attention_tests {

namespace {

/// One query of the walk: its running softmax.
struct Walker {
  double max = -std::numeric_limits<double>::infinity(), sum = 0;

  /// Takes in the scores of one tile, -inf where hidden; `raw` has the hidden ones, too.
  template <class Values>
  void meet(std::span<const double> scores, std::span<const double> raw, Values values, std::span<double> output,
            const Slip& slip) {
    const double here = slip.hidden_in_max ? std::ranges::max(raw) : std::ranges::max(scores);
    if (here == -std::numeric_limits<double>::infinity()) {
      for (std::size_t j = 0; j < raw.size() && slip.blind_keep_scores; ++j)
        for (std::size_t d = 0; d < output.size(); ++d) output[d] += raw[j] * double{values(j)[d]};
      return;
    }
    if (slip.last_tile_only) *this = {}, std::ranges::fill(output, 0.);
    const double before = max;
    max = slip.softmax_of_each_tile || slip.only_new_max ? here : std::max(max, here);
    const bool once = slip.nothing_rescaled || slip.softmax_of_each_tile || slip.only_new_max;
    const double factor = once ? 1
                          : slip.factor_inverted && before != -std::numeric_limits<double>::infinity()
                              ? std::exp(max - before)
                              : std::exp(before - max);
    double added = 0;
    for (const double x : scores) added += float_exp(x - max);
    if (!slip.output_not_rescaled)
      for (double& x : output) x *= factor;
    sum = slip.softmax_of_each_tile ? 1 : sum * (slip.sum_not_rescaled ? 1 : factor) + added;
    for (std::size_t j = 0; j < scores.size(); ++j)
      for (std::size_t d = 0; d < output.size(); ++d)
        output[d] += float_exp(scores[j] - max) / (slip.softmax_of_each_tile ? added : 1) * double{values(j)[d]};
    if (slip.divided_after_each_tile)
      for (double& x : output) x /= sum;
  }
};

}  // namespace

Tensor64 tile_walk(const Inputs& in, const Tiles& o, const Slip& slip) {
  const std::int64_t q_len = in.q_len(), kv_len = in.kv_len(), shift = kv_len - q_len;
  const std::int64_t n_rep = in.q.dim(1) / in.k.dim(1);
  const Tensor64 scores = oracle::attention_scores(in.q, in.k);
  Tensor64 out(in.q.shape());
  std::vector<Walker> walkers(static_cast<std::size_t>(slip.previous_head_goes_on ? q_len : o.q_tile));
  for (std::int64_t b = 0; b < in.q.dim(0); ++b)
    for (std::int64_t h = 0; h < in.q.dim(1); ++h)
      for (std::int64_t i = 0; i < q_len; ++i) {
        const std::int64_t first = i - i % o.q_tile, row = i % o.q_tile;
        if (slip.last_queries_dropped && first + o.q_tile > q_len) continue;
        Walker& walker = walkers[static_cast<std::size_t>(slip.previous_head_goes_on ? i : row)];
        if (!slip.previous_tile_goes_on && !slip.previous_head_goes_on) walker = {};
        const std::int64_t last = std::min<std::int64_t>(first + o.q_tile, q_len);
        const std::int64_t seen = o.mask == Mask::none ? kv_len : std::clamp<std::int64_t>(last + shift, 0, kv_len);
        const std::int64_t end = slip.reach == Reach::all_keys ? kv_len : seen;
        for (std::int64_t kv_first = 0; kv_first < end; kv_first += o.kv_tile) {
          const std::int64_t keys =
              std::min<std::int64_t>(o.kv_tile, (slip.reach == Reach::visible_keys ? end : kv_len) - kv_first);
          if (slip.first_tile_only && kv_first > 0) break;
          if (slip.last_keys_dropped && keys < o.kv_tile) continue;
          if (slip.cut_tiles_skipped && o.mask == Mask::causal && kv_first + keys - 1 > first + shift) continue;
          const auto row_scores =
              scores.row(b, h, i).subspan(static_cast<std::size_t>(kv_first), static_cast<std::size_t>(keys));
          std::vector<double> shown(row_scores.begin(), row_scores.end());
          for (std::int64_t j = 0; j < keys; ++j) {
            const bool sees =
                slip.mask_inside_tile ? j <= row : (slip.keys_inside_tile ? 0 : kv_first) + j <= i + shift;
            const bool cut = slip.first_query_decides && kv_first + j > first + shift;
            if (o.mask == Mask::causal && (!sees || cut))
              shown[static_cast<std::size_t>(j)] = -std::numeric_limits<double>::infinity();
          }
          walker.meet(
              shown, row_scores,
              [&](std::size_t j) { return in.v.row(b, h / n_rep, kv_first + static_cast<std::int64_t>(j)); },
              out.row(b, h, i), slip);
        }
        if (walker.sum == 0 || slip.divided_after_each_tile) continue;
        for (double& x : out.row(b, h, i)) x /= walker.sum;
      }
  return out;
}

std::int64_t bytes_of_tiles(const Inputs& in, const Tiles& o) {
  std::int64_t pairs = 0;
  for (std::int64_t first = 0; first < in.q_len(); first += o.q_tile)
    for (std::int64_t kv_first = 0; kv_first < in.kv_len(); kv_first += o.kv_tile) {
      const std::int64_t queries = std::min<std::int64_t>(o.q_tile, in.q_len() - first);
      const std::int64_t keys = std::min<std::int64_t>(o.kv_tile, in.kv_len() - kv_first);
      const std::int64_t last_seen = first + queries - 1 + in.kv_len() - in.q_len();
      if (o.mask == Mask::none || kv_first <= last_seen) pairs += queries * keys;
    }
  return pairs * in.q.dim(0) * in.q.dim(1) * in.q.dim(3) * static_cast<std::int64_t>(sizeof(float));
}

}  // namespace workbook::attention_tests
