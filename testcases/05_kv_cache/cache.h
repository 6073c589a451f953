#pragma once
/// What a cache should hold, and what it holds when somebody has one idea wrong.

#include <fmt/format.h>

#include <vector>

#include "common/checker/student.h"

namespace workbook::kv_cache {

using Cache = Object<KvCache>;

inline Cache make_cache(const CacheConfig& config) { return student<construct<KvCache, const CacheConfig&>>(config); }

/// The tokens [first, end) of keys or values [batch, kv_heads, seq, head_dim].
inline Tensor tokens_of(const Tensor& x, std::int64_t first, std::int64_t end) {
  Tensor out({x.dim(0), x.dim(1), end - first, x.dim(3)});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t t = first; t < end; ++t) std::ranges::copy(x.row(b, h, t), out.row(b, h, t - first).begin());
  return out;
}

/// A cache and what ought to be in it: every token that was appended and not taken back.
struct Watched {
  CacheConfig config;
  Cache cache;
  Tensor k, v;                       // [batch, kv_heads, many, head_dim]: token t is row t, whenever it comes
  std::int64_t seen = 0, first = 0;  // as they should be
  std::vector<std::int64_t> starts = {}, ends = {};  // token by token: the call that brought it
  std::int64_t refused = 0, taken_back_to = -1, before = 0;

  Watched(const CacheConfig& c, std::int64_t many)
      : config(c),
        cache(make_cache(c)),
        k(random_normal({c.batch, c.kv_heads, many, c.head_dim})),
        v(random_normal(k.shape())) {}

  /// The student's append of the next `count` tokens.
  void append(std::int64_t count) {
    student<&KvCache::append>(cache, tokens_of(k, seen, seen + count), tokens_of(v, seen, seen + count));
    starts.resize(static_cast<std::size_t>(seen));
    starts.resize(static_cast<std::size_t>(seen + count), seen);
    ends.resize(static_cast<std::size_t>(seen));
    ends.resize(static_cast<std::size_t>(seen + count), seen + count);
    seen += count;
    taken_back_to = -1;
    first = std::max<std::int64_t>(first, seen - config.capacity);
  }
  /// The student's append of `count` tokens that do not fit.
  void append_too_many(std::int64_t count) {
    CHECK_THAT(
        [&] { student<&KvCache::append>(cache, tokens_of(k, seen, seen + count), tokens_of(v, seen, seen + count)); },
        is_refused(fmt::format("there is room for {} tokens, and there would be {}", config.capacity, seen + count),
                   config.capacity, seen + count));
    refused = count;
  }
  /// The student's truncate; what comes then is other numbers.
  void truncate(std::int64_t length) {
    try {
      student<&KvCache::truncate>(cache, length);
    } catch (const std::invalid_argument&) {
      const std::int64_t oldest = std::max<std::int64_t>(0, config.ring ? length - config.capacity + 1 : 0);
      explain_exception(
          fmt::format("Likely: this can be taken back. The next token is number {}, and sees the tokens "
                      "from {} on; the oldest that is there is {}",
                      length, oldest, first));
      throw;
    }
    before = seen, seen = taken_back_to = length;
    for (Tensor* x : {&k, &v})
      for (std::int64_t b = 0; b < x->dim(0); ++b)
        for (std::int64_t h = 0; h < x->dim(1); ++h)
          for (std::int64_t t = length; t < x->dim(2); ++t)
            for (float& value : x->row(b, h, t)) value = -value - 1;
  }
};

/// Keys and values [batch, 2 kv_heads, seen - first, head_dim] where token t lies in row row_of(t) of the storage.
template <class RowOf>
Tensor64 held(const Tensor& storage, std::int64_t first, std::int64_t seen, RowOf row_of) {
  Tensor64 out({storage.dim(0), storage.dim(1), seen - first, storage.dim(3)});
  for (std::int64_t b = 0; b < storage.dim(0); ++b)
    for (std::int64_t h = 0; h < storage.dim(1); ++h)
      for (std::int64_t t = first; t < seen; ++t)
        std::ranges::transform(storage.row(b, h, row_of(t)), out.row(b, h, t - first).begin(),
                               [](float x) { return double{x}; });
  return out;
}

/// The same of what was appended: keys of all KV heads, then their values.
inline Tensor64 expected_in(const Watched& w) {
  const std::int64_t kv_heads = w.config.kv_heads;
  Tensor64 out({w.config.batch, 2 * kv_heads, w.seen - w.first, w.config.head_dim});
  for (std::int64_t b = 0; b < out.dim(0); ++b)
    for (std::int64_t h = 0; h < out.dim(1); ++h)
      for (std::int64_t t = w.first; t < w.seen; ++t)
        std::ranges::transform((h < kv_heads ? w.k : w.v).row(b, h % kv_heads, t), out.row(b, h, t - w.first).begin(),
                               [](float x) { return double{x}; });
  return out;
}

/// What would lie there if token t of the call [start, end) were written to row row_of(t, start, end) % capacity, where
/// that is not negative.
template <class RowOf>
Tensor64 written_to(const Watched& w, RowOf row_of) {
  Tensor64 out({w.config.batch, 2 * std::int64_t{w.config.kv_heads}, w.seen - w.first, w.config.head_dim});
  const std::int64_t capacity = w.config.capacity, kv_heads = w.config.kv_heads;
  for (std::int64_t t = 0; t < w.seen; ++t) {
    const std::int64_t row = row_of(t, w.starts[static_cast<std::size_t>(t)], w.ends[static_cast<std::size_t>(t)]);
    for (std::int64_t read = w.first; read < w.seen; ++read)
      if (row >= 0 && read % capacity == row % capacity)
        for (std::int64_t b = 0; b < w.config.batch; ++b)
          for (std::int64_t h = 0; h < 2 * kv_heads; ++h)
            std::ranges::transform((h < kv_heads ? w.k : w.v).row(b, h % kv_heads, t),
                                   out.row(b, h, read - w.first).begin(), [](float x) { return double{x}; });
  }
  return out;
}

/// Checks what the cache holds, token by token.
inline void check_contents(const Watched& w) {
  CHECK_THAT(student<&KvCache::seen>(w.cache),
             is_count(w.seen, "seen()")
                 .but_not(w.seen + w.refused, "the tokens of a refused call were counted: nothing is changed then")
                 .but_not(w.taken_back_to < 0 ? w.seen : w.before - w.taken_back_to,
                          "truncate took so many tokens back: it is given how many stay")
                 .but_not(w.taken_back_to < 0 ? w.seen : w.before, "the tokens that were taken back still count")
                 .but_not(std::min<std::int64_t>(w.seen, w.config.capacity),
                          "seen() counts all tokens so far, also those that a ring has overwritten")
                 .but_not(0, "the tokens were not counted: seen_ is how many there are"));
  CHECK_THAT(student<&KvCache::first>(w.cache),
             is_count(w.first, "first()")
                 .but_not(0, "the oldest tokens are overwritten: first() is the number of the oldest that is left")
                 .but_not(std::max<std::int64_t>(0, w.seen - w.config.capacity),
                          "taking tokens back brings none back that were overwritten: first() never becomes smaller"));
  const Tensor storage = student<&KvCache::storage>(w.cache);
  REQUIRE(storage.shape() ==
          Shape{w.config.batch, 2 * std::int64_t{w.config.kv_heads}, w.config.capacity, w.config.head_dim});
  const std::int64_t capacity = w.config.capacity;
  const Tensor64 got = held(storage, w.first, w.seen, [=](std::int64_t t) { return t % capacity; });
  const Tensor64 expected = expected_in(w);
  const auto lies_by = [&](auto row_of) {
    return [&, row_of](const Tensor64&) { return held(storage, w.first, w.seen, row_of) == expected; };
  };
  CHECK_THAT(got, matches(expected, exact())
                      .but_not([&] { return written_to(w, [](auto t, auto start, auto) { return t - start; }); },
                               "each call wrote its tokens from row 0 on: token seen() + i lies in row (seen() + i) % "
                               "capacity")
                      .but_not(
                          [&] {
                            return written_to(w, [capacity](auto t, auto start, auto end) {
                              return t < end - capacity ? -1 : start + t - std::max(start, end - capacity);
                            });
                          },
                          "of more tokens than there are rows, the last ones were written from the row of the first "
                          "one on: token t lies in row t % capacity, whichever are left out")
                      .but_not([&] { return written_to(w, [](auto t, auto, auto end) { return end - 1 - t; }); },
                               "the tokens of a call lie in reverse order")
                      .but_if(lies_by([first = w.first](std::int64_t t) { return t - first; }),
                              "all tokens are there, the oldest in row 0. Were the rows moved? Token t lies in row t % "
                              "capacity, and stays there")
                      .but_not(
                          [&] {
                            Tensor64 swapped = expected;
                            const std::int64_t half = expected.dim(1) / 2;
                            for (std::int64_t b = 0; b < expected.dim(0); ++b)
                              for (std::int64_t h = 0; h < 2 * half; ++h)
                                swapped.matrix(b, h) = expected.matrix(b, (h + half) % (2 * half));
                            return swapped;
                          },
                          "keys and values have changed places: the keys of all KV heads come first")
                      .but_not(
                          [&] {
                            Tensor64 keys_twice = expected;
                            const std::int64_t half = expected.dim(1) / 2;
                            for (std::int64_t b = 0; b < expected.dim(0); ++b)
                              for (std::int64_t h = 0; h < half; ++h)
                                keys_twice.matrix(b, half + h) = expected.matrix(b, h);
                            return keys_twice;
                          },
                          "the values are copies of the keys: they are the rows of v")
                      .but_not(
                          [&] {
                            Tensor64 turns = expected;
                            for (std::int64_t b = 0; b < expected.dim(0); ++b)
                              for (std::int64_t h = 0; h < expected.dim(1); ++h) {
                                const std::int64_t half = expected.dim(1) / 2;
                                turns.matrix(b, h) = expected.matrix(b, h % 2 * half + h / 2);
                              }
                            return turns;
                          },
                          "keys and values of the heads lie in turn: it is the keys of all KV heads, then their values")
                      .but_not(
                          [&] {
                            Tensor64 one = expected;
                            for (std::int64_t b = 1; b < expected.dim(0); ++b)
                              for (std::int64_t h = 0; h < expected.dim(1); ++h)
                                one.matrix(b, h) = expected.matrix(0, h);
                            return one;
                          },
                          "every sequence has the tokens of the first"));
}

}  // namespace workbook::kv_cache
