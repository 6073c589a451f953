#pragma once
/// Calls of write_kv, and what they should leave in the cache.

#include <fmt/format.h>

#include "common/checker/student.h"
#include "cuda_paged_decode.h"

namespace workbook::cuda_paged_decode {

struct Writes {
  Tensor k, v;                   // [tokens, kv_heads, head_dim]
  TensorOf<std::int32_t> slots;  // [tokens]
  Tensor cache;                  // [pages, 2, kv_heads, kPageTokens, head_dim]
};

inline Writes random_writes(const std::vector<int>& slots, std::int64_t pages, std::int64_t kv_heads,
                            std::int64_t head_dim) {
  const auto tokens = static_cast<std::int64_t>(slots.size());
  Writes w{random_normal({tokens, kv_heads, head_dim}), random_normal({tokens, kv_heads, head_dim}),
           TensorOf<std::int32_t>({tokens}), random_normal({pages, 2, kv_heads, kPageTokens, head_dim})};
  std::ranges::copy(slots, w.slots.values().begin());
  return w;
}

/// What people do with a slot: the number of the row, of all rows of head_dim in the cache, that it takes them to.
using RowOf = std::function<std::int64_t(std::int64_t token, std::int64_t slot, std::int64_t kv, std::int64_t head)>;

inline Tensor written(const Writes& w, const RowOf& row_of, bool swapped = false) {
  Tensor cache = w.cache;
  const std::int64_t head_dim = w.k.dim(2), rows = cache.size() / head_dim;
  for (std::int64_t i = 0; i < w.k.dim(0); ++i)
    for (std::int64_t kv = 0; kv < 2; ++kv)
      for (std::int64_t h = 0; h < w.k.dim(1); ++h)
        if (const std::int64_t row = row_of(i, w.slots.at(i), kv, h); row >= 0 && row < rows)
          std::ranges::copy(((kv == 0) != swapped ? w.k : w.v).row(i, h), &cache.values()[row * head_dim]);
  return cache;
}

/// The right cache, but of each token only the first n numbers, counted over all KV heads.
inline Tensor first_channels(const Writes& w, const Tensor& right, std::int64_t n) {
  Tensor cache = w.cache;
  const std::int64_t head_dim = w.k.dim(2), row = kPageTokens * head_dim, token = w.k.dim(1) * row;
  for (std::int64_t i = 0; i < cache.size(); ++i)
    if (i % token / row * head_dim + i % head_dim < n) cache.values()[i] = right.values()[i];
  return cache;
}

inline RowOf right_row(const Writes& w) {
  return [heads = w.k.dim(1)](std::int64_t, std::int64_t slot, std::int64_t kv, std::int64_t head) -> std::int64_t {
    return slot < 0 ? -1 : ((slot / kPageTokens * 2 + kv) * heads + head) * kPageTokens + slot % kPageTokens;
  };
}

inline void check_written(const Writes& w) {
  Tensor cache = w.cache;
  student<write_kv>(w.k, w.v, w.slots, cache, {});
  const std::int64_t heads = w.k.dim(1), pages = w.cache.dim(0);
  const RowOf right = right_row(w);
  const auto wrong = [w](auto row_of) { return [w, row_of] { return written(w, row_of); }; };
  using Int = std::int64_t;
  CHECK_THAT(
      cache,
      matches(written(w, right), exact())
          .but_not([w] { return w.cache; }, "the cache is as it was")
          .but_not([=] { return written(w, right, true); }, "keys and values have changed places")
          .but_not([w, right] { return first_channels(w, written(w, right), kThreads); },
                   "only the first kThreads numbers of a token were written: it may have more than a block has threads")
          .but_not(wrong([=](Int i, Int slot, Int kv, Int h) { return h == 0 ? right(i, slot, kv, h) : -1; }),
                   "only KV head 0 was written")
          .but_not(wrong([=](Int i, Int slot, Int kv, Int h) { return kv == 0 ? right(i, slot, kv, h) : -1; }),
                   "only the keys were written")
          .but_not(wrong([=](Int i, Int slot, Int kv, Int h) -> Int { return slot < 0 ? -1 : right(i, i, kv, h); }),
                   "token i was written to slot i: slots[i] says where it goes")
          .but_not(wrong([=](Int, Int slot, Int kv, Int h) -> Int {
                     return slot < 0 ? -1
                                     : ((slot / kPageTokens * 2 + kv) * kPageTokens + slot % kPageTokens) * heads + h;
                   }),
                   "a page was taken for [2, kPageTokens, kv_heads, head_dim]: here all tokens of one KV head lie "
                   "together, [2, kv_heads, kPageTokens, head_dim]")
          .but_not(wrong([=](Int, Int slot, Int kv, Int h) -> Int {
                     return slot < 0 ? -1
                                     : ((slot % pages * 2 + kv) * heads + h) * kPageTokens + slot / pages % kPageTokens;
                   }),
                   "a slot is page * kPageTokens + place: its page is slot / kPageTokens")
          .but_not(wrong([=](Int, Int slot, Int kv, Int h) -> Int {
                     return slot < 0
                                ? -1
                                : ((kv * pages + slot / kPageTokens) * heads + h) * kPageTokens + slot % kPageTokens;
                   }),
                   "the cache was taken for [2, pages, ...]: here a page has its keys, and then its values")
          .but_not(wrong([=](Int i, Int slot, Int kv, Int h) { return right(i, std::max<Int>(slot, 0), kv, h); }),
                   "a slot of -1 was taken for slot 0: such a token is padding, and is written nowhere"));
}

}  // namespace workbook::cuda_paged_decode
