#pragma once
/// What each kernel asks of global memory, and what people forget of it.

#include <array>

#include "indices.h"

namespace workbook::cuda_unfused {

inline constexpr std::array kKernels{Kernel::scores,  Kernel::scale,        Kernel::mask,
                                     Kernel::softmax, Kernel::weighted_sum, Kernel::tiled_scores};

inline const char* kernel_name(Kernel kernel) {
  constexpr std::array names{"scores", "scale", "mask", "softmax", "weighted_sum", "tiled_scores"};
  return names[static_cast<std::size_t>(kernel)];
}

/// Floats of one head.
struct Count {
  std::int64_t q_len, kv_len, d;
  std::int64_t query_tiles = (q_len + kTile - 1) / kTile, key_tiles = (kv_len + kTile - 1) / kTile;
  std::int64_t scores = q_len * kv_len;

  std::int64_t hidden() const {
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < q_len; ++i)
      sum += kv_len - std::clamp<std::int64_t>(i + 1 + kv_len - q_len, 0, kv_len);
    return sum;
  }
  Traffic floats(Kernel kernel) const {
    switch (kernel) {
      case Kernel::scores:
        return {scores * 2 * d, scores};
      case Kernel::scale:
        return {scores, scores};
      case Kernel::mask:
        return {0, hidden()};
      case Kernel::softmax:
        return {3 * scores, scores};
      case Kernel::weighted_sum:
        return {q_len * d * 2 * kv_len, q_len * d};
      case Kernel::tiled_scores:
        return {key_tiles * q_len * d + query_tiles * kv_len * d, scores};
    }
    return {};
  }
};

inline Count count_of(const Problem& p) { return {p.q_len, p.kv_len, p.head_dim}; }

inline Traffic times(Traffic t, std::int64_t factor) { return {t.loaded * factor, t.stored * factor}; }

/// The bytes that a launch may load and store.
inline Traffic right_traffic(Kernel kernel, const Problem& p) {
  return times(count_of(p).floats(kernel), 4L * p.heads);
}

/// The bytes that its result depends on, each once.
inline double bytes_needed(Kernel kernel, const Problem& p) {
  const Count c = count_of(p);
  std::int64_t floats = kernel == Kernel::mask ? 0 : c.scores;
  if (kernel == Kernel::scores || kernel == Kernel::tiled_scores) floats = (c.q_len + c.kv_len) * c.d;
  if (kernel == Kernel::weighted_sum) floats += c.kv_len * c.d;
  return 4.0 * static_cast<double>(p.heads * floats);
}

inline Tensor64 as_numbers(const Traffic& t) {
  return Tensor64({2}, {static_cast<double>(t.loaded), static_cast<double>(t.stored)});
}

/// Matches (loaded, stored), and knows what people forget.
inline Matches is_traffic(Kernel kernel, const Problem& p) {
  const Count c = count_of(p);
  const Traffic floats = c.floats(kernel), right = right_traffic(kernel, p);
  Matches m = matches(as_numbers(right), counted());
  const auto told = [&](std::int64_t loaded, std::int64_t stored, const char* sentence) {
    std::move(m).but_not([=] { return as_numbers(times({loaded, stored}, 4L * p.heads)); }, sentence);
  };
  std::move(m).but_not([=] { return as_numbers(times(floats, p.heads)); }, "this counts floats, not bytes");
  if (p.heads > 1)
    std::move(m).but_not([=] { return as_numbers(times(floats, 4)); }, "this is one head's: there are more of them");
  switch (kernel) {
    case Kernel::scores:
      told(
          (c.q_len + c.kv_len) * c.d, c.scores,
          "q and k are counted once, as if a thread had what another has loaded. Every score's thread loads a row of q "
          "and a row of k for itself");
      told(c.scores * c.d, c.scores, "a score takes two rows, one of q and one of k");
      break;
    case Kernel::scale:
      told(0, c.scores, "to multiply a number, a thread must load it first");
      break;
    case Kernel::mask:
      told(c.scores, c.scores,
           "the mask was counted like the scale. A hidden score becomes -inf whatever it was: it is not "
           "loaded; and one that is not hidden is not touched at all");
      told(0, c.scores, "only the hidden scores are stored, not all");
      if (c.q_len != c.kv_len) {
        std::int64_t at_start = 0;
        for (std::int64_t i = 0; i < c.q_len; ++i) at_start += std::max<std::int64_t>(0, c.kv_len - 1 - i);
        told(0, at_start, "the mask was aligned at the start: query i sees the keys up to i + kv_len - q_len");
      }
      if (c.q_len > c.kv_len) {
        told(0, c.q_len * (c.q_len - 1) / 2,
             "a query that sees no key has kv_len scores, and not more of them are hidden");
        told(0, c.kv_len * (c.kv_len - 1) / 2, "the first queries, which see no key, were left out");
      }
      told(c.hidden(), c.hidden(), "a hidden score becomes -inf whatever it was: it need not be loaded");
      break;
    case Kernel::softmax:
      told(c.scores, c.scores,
           "three passes over each row: for the maximum, for the sum, for the weights. Each loads it");
      told(2 * c.scores, c.scores, "there are three passes over each row, and the third loads it, too");
      break;
    case Kernel::weighted_sum:
      told(c.scores + c.kv_len * c.d, c.q_len * c.d,
           "weights and values are counted once. Each element of out takes a row of weights and a column of v, and its "
           "thread loads them for itself");
      told(c.q_len * c.d * c.kv_len, c.q_len * c.d, "a product of a weight and a value takes two loads");
      told(c.q_len * c.d * 2 * c.kv_len, c.scores, "out has q_len * head_dim elements, not q_len * kv_len");
      break;
    case Kernel::tiled_scores:
      told((c.q_len + c.kv_len) * c.d, c.scores,
           "q and k are counted once. A block keeps what it has loaded only until it is done: q is loaded again for "
           "every "
           "tile of keys, and k for every tile of queries");
      told(c.query_tiles * c.q_len * c.d + c.key_tiles * c.kv_len * c.d, c.scores,
           "turned around: it is for every tile of *keys* that q is loaded again, and for every tile of queries that k "
           "is");
      told(c.kv_len / kTile * c.q_len * c.d + c.q_len / kTile * c.kv_len * c.d, c.scores,
           "the number of tiles is rounded down: the last one, which is not full, loads as well");
      told(c.query_tiles * c.key_tiles * 2 * kTile * c.d, c.scores,
           "tiles at the edge are counted as full: what lies outside of q and k is not loaded");
      told(c.scores * 2 * c.d, c.scores,
           "this is the kernel without tiles: 32 queries and 32 keys now share what they load");
      break;
  }
  return m;
}

}  // namespace workbook::cuda_unfused
