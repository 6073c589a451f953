#pragma once
/// The gradients of attention with any one idea wrong: plain loops over rows, from stored log-sum-exps.

#include "step.h"

namespace workbook::flash_backward {

using attention_tests::Tiles;
using oracle::AttentionGradients;

/// What is taken off dp, in the place of sum_j p_ij dp_ij.
enum class Mean { right, zero, negative, unweighted, of_tile, undropped, dropped_twice };

/// Which query heads of a group reach the gradients of its KV head.
enum class Heads { all, first, last, average };

/// How a query's keys are found.
enum class Sight {
  right,
  all,          ///< no mask
  until_end,    ///< all keys that the last query of the tile sees
  from_start,   ///< j <= i, also where the lengths differ
  one_less,     ///< not the last key
  one_more,     ///< one key too many
  inside_tile,  ///< places in the tile are taken for positions
  as_first,     ///< all queries of a tile see what its first one sees
  whole_tiles,  ///< tiles that the mask cuts through are left out
};

/// Where each of the three factors of a weight is used.
struct Drops {
  DropSlip values = {};    ///< in dv
  DropSlip weights = {};   ///< in dp
  bool after = false;      ///< ds = p f (dp - D), the factor around everything
  bool dropped_p = false;  ///< ds uses p f where p belongs
  bool ds_lost = false;    ///< ds is 0 where the weight was dropped
};

struct Slip {
  double score_scale = 1, dq_scale = 1, dk_scale = 1, dv_scale = 1;  ///< times the right one
  Sight sight = Sight::right;
  bool lse_ignored = false;
  bool powers_of_two = false;
  bool p_missing = false;      ///< ds = dp - mean
  bool hidden_too = false;     ///< hidden keys have ds, too: only without p
  bool diagonal_only = false;  ///< ds = p (1 - p) dp
  Mean mean = Mean::right;
  bool values_by_ds = false;  ///< dv = ds^T d_output
  bool swapped = false;       ///< dk and dv
  Heads heads = Heads::all;
  oracle::HeadMap kv_head = {};  ///< read and written
  bool batch_0 = false;          ///< keys and values are those of sequence 0
  bool dq_of_last_tile = false, dk_of_last_tile = false, dv_of_last_tile = false;
  bool last_queries_dropped = false, last_keys_dropped = false;
  Drops drops = {};
};

namespace detail {

inline double dot(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// The first key that no query of query i's tile sees.
inline std::int64_t end_of_tile(const Step& step, const Tiles& tiles, std::int64_t i) {
  if (step.mask == Mask::none) return step.in.kv_len();
  const std::int64_t last = std::min(i - i % tiles.q_tile + tiles.q_tile, step.in.q_len()) - 1;
  return std::clamp<std::int64_t>(last + 1 + step.in.kv_len() - step.in.q_len(), 0, step.in.kv_len());
}

inline bool sees(const Step& step, const Slip& slip, const Tiles& tiles, std::int64_t i, std::int64_t j) {
  const std::int64_t q_len = step.in.q_len(), kv_len = step.in.kv_len();
  const std::int64_t row = i % tiles.q_tile, column = j % tiles.kv_tile;
  // The first tile stays, though: without it the gradients are zeros, which have many causes.
  if (slip.last_queries_dropped && i >= tiles.q_tile && i - row + tiles.q_tile > q_len) return false;
  if (slip.last_keys_dropped && j >= tiles.kv_tile && j - column + tiles.kv_tile > kv_len) return false;
  if (step.mask == Mask::none || slip.sight == Sight::all) return true;
  std::int64_t last = i + kv_len - q_len;
  if (slip.sight == Sight::from_start) last = i;
  if (slip.sight == Sight::one_less) --last;
  if (slip.sight == Sight::one_more) ++last;
  if (slip.sight == Sight::as_first) last -= row;
  if (slip.sight == Sight::until_end) return j < end_of_tile(step, tiles, i);
  if (slip.sight == Sight::inside_tile) return column <= row && j < end_of_tile(step, tiles, i);
  if (slip.sight == Sight::whole_tiles && std::min(j - column + tiles.kv_tile, kv_len) - 1 > last - row) return false;
  return j <= last;
}

/// One query, and what of it reaches which gradient.
class RowBack {
 public:
  RowBack(const Step& step, const Tiles& tiles, const Slip& slip, const Place& at)
      : step_(step), tiles_(tiles), slip_(slip), at_(at), kv_batch_(slip.batch_0 ? 0 : at.batch) {
    kv_head_ = slip.kv_head ? slip.kv_head(at.head) : at.head / step.n_rep();
    stored_mean_ =
        dot(step.outputs.d_output.row(at.batch, at.head, at.row), step.outputs.output.row(at.batch, at.head, at.row));
    for (std::int64_t j = 0; j < step.in.kv_len(); ++j) find_weight(j);
    find_means();
  }

  void add_to(AttentionGradients& sum) const {
    const auto q = step_.in.q.row(at_.batch, at_.head, at_.row);
    const auto d_output = step_.outputs.d_output.row(at_.batch, at_.head, at_.row);
    const double scale = 1 / std::sqrt(static_cast<double>(q.size()));
    const std::int64_t last_tile = (end_of_tile(step_, tiles_, at_.row) - 1) / tiles_.kv_tile;
    for (std::int64_t j = 0; j < step_.in.kv_len(); ++j) {
      if (p_[static_cast<std::size_t>(j)] == 0 && !slip_.hidden_too) continue;
      const double ds = d_score(j), of_values = p_[static_cast<std::size_t>(j)] * values_[static_cast<std::size_t>(j)];
      const double to_q = slip_.dq_of_last_tile && j / tiles_.kv_tile != last_tile ? 0 : ds * scale * slip_.dq_scale;
      const double to_k = ds * scale * slip_.dk_scale * share(slip_.dk_of_last_tile);
      const double to_v = (slip_.values_by_ds ? ds : of_values) * slip_.dv_scale * share(slip_.dv_of_last_tile);
      for (std::size_t c = 0; c < q.size(); ++c) {
        sum.dq.row(at_.batch, at_.head, at_.row)[c] += to_q * step_.in.k.row(kv_batch_, kv_head_, j)[c];
        sum.dk.row(kv_batch_, kv_head_, j)[c] += to_k * q[c];
        sum.dv.row(kv_batch_, kv_head_, j)[c] += to_v * d_output[c];
      }
    }
  }

 private:
  void find_weight(std::int64_t j) {
    const double lse = step_.outputs.lse.at(at_.batch, at_.head, at_.row);
    const auto q = step_.in.q.row(at_.batch, at_.head, at_.row);
    const double score =
        slip_.score_scale * dot(q, step_.in.k.row(kv_batch_, kv_head_, j)) / std::sqrt(static_cast<double>(q.size()));
    const double exponent = slip_.lse_ignored ? score : score - lse;
    const bool seen = std::isfinite(lse) && sees(step_, slip_, tiles_, at_.row, j);
    p_.push_back(!seen ? 0 : slip_.powers_of_two ? std::exp2(exponent) : std::exp(exponent));
    const Place place{at_.batch, at_.head, at_.row, j};
    weights_.push_back(factor_of(step_.dropout, place, slip_.drops.weights));
    values_.push_back(factor_of(step_.dropout, place, slip_.drops.values));
    undropped_.push_back(
        dot(step_.outputs.d_output.row(at_.batch, at_.head, at_.row), step_.in.v.row(kv_batch_, kv_head_, j)));
    dp_.push_back(undropped_.back() * (slip_.drops.after ? 1 : weights_.back()));
  }

  double d_score(std::int64_t j) const {
    const auto n = static_cast<std::size_t>(j);
    double ds = p_[n] * (dp_[n] - mean(j));
    if (slip_.p_missing) ds = dp_[n] - mean(j);
    if (slip_.diagonal_only) ds = p_[n] * (1 - p_[n]) * dp_[n];
    if (slip_.drops.ds_lost && weights_[n] == 0) return 0;
    return slip_.drops.after || slip_.drops.dropped_p ? ds * weights_[n] : ds;
  }

  /// One for all keys, or one for each tile of them.
  void find_means() {
    if (slip_.mean == Mean::right || slip_.mean == Mean::zero) return;
    const std::int64_t width = slip_.mean == Mean::of_tile ? tiles_.kv_tile : step_.in.kv_len();
    for (std::size_t n = 0; n < p_.size(); ++n) {
      if (static_cast<std::int64_t>(n) % width == 0) means_.push_back(0);
      double term = p_[n] * dp_[n];
      if (slip_.mean == Mean::unweighted) term = dp_[n];
      if (slip_.mean == Mean::undropped) term = p_[n] * undropped_[n];
      if (slip_.mean == Mean::dropped_twice) term *= weights_[n];
      means_.back() += slip_.mean == Mean::negative ? -term : term;
    }
  }

  double mean(std::int64_t j) const {
    if (slip_.mean == Mean::right) return stored_mean_;
    if (slip_.mean == Mean::zero) return 0;
    return means_[slip_.mean == Mean::of_tile ? static_cast<std::size_t>(j / tiles_.kv_tile) : 0];
  }

  /// How much of this query reaches its KV head.
  double share(bool last_tile_only) const {
    const std::int64_t n_rep = step_.n_rep(), place = at_.head % n_rep;
    if (last_tile_only && at_.row / tiles_.q_tile != (step_.in.q_len() - 1) / tiles_.q_tile) return 0;
    if ((last_tile_only || slip_.heads == Heads::last) && place != n_rep - 1) return 0;
    if (slip_.heads == Heads::first && place != 0) return 0;
    return slip_.heads == Heads::average ? 1 / static_cast<double>(n_rep) : 1;
  }

  const Step& step_;
  const Tiles& tiles_;
  const Slip& slip_;
  Place at_;
  std::int64_t kv_batch_, kv_head_ = 0;
  double stored_mean_ = 0;
  std::vector<double> p_, dp_, undropped_;  // of each key
  std::vector<double> weights_, values_;    // factors of each key
  std::vector<double> means_;               // what is taken off dp, where that is not the stored one
};

}  // namespace detail

/// Gradients with this idea wrong; with none they are right. `tiles` matter to ideas about tiles only.
inline AttentionGradients gradients(const Step& step, const Tiles& tiles, const Slip& slip = {}) {
  AttentionGradients sum{Tensor64(step.in.q.shape()), Tensor64(step.in.k.shape()), Tensor64(step.in.v.shape())};
  for (std::int64_t b = 0; b < step.in.q.dim(0); ++b)
    for (std::int64_t h = 0; h < step.in.q.dim(1); ++h)
      for (std::int64_t i = 0; i < step.in.q_len(); ++i) detail::RowBack(step, tiles, slip, {b, h, i}).add_to(sum);
  if (slip.swapped) std::swap(sum.dk, sum.dv);
  return sum;
}

}  // namespace workbook::flash_backward
