#pragma once
/// The layer fed piece by piece, and what people get wrong when it is.

#include "cache.h"
#include "definition.h"

namespace workbook::kv_cache {

/// Rows [begin, end) of each matrix: [batch, len, n] -> [batch, end - begin, n].
template <class T>
TensorOf<T> rows_of(const TensorOf<T>& x, std::int64_t begin, std::int64_t end) {
  TensorOf<T> out({x.dim(0), end - begin, x.dim(2)});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t t = begin; t < end; ++t) std::ranges::copy(x.row(b, t), out.row(b, t - begin).begin());
  return out;
}

/// The tokens [begin, end), as a call takes them.
inline Tokens piece(const Sequences& s, std::int64_t begin, std::int64_t end) {
  Tokens out{rows_of(s.tokens.hidden_states, begin, end), PositionIds({s.batch(), end - begin}),
             TensorOf<bool>({s.batch(), end})};
  for (std::int64_t b = 0; b < s.batch(); ++b) {
    for (std::int64_t t = begin; t < end; ++t) out.position_ids.at(b, t - begin) = s.tokens.position_ids.at(b, t);
    for (std::int64_t t = 0; t < end; ++t) out.attention_mask.at(b, t) = s.tokens.attention_mask.at(b, t);
  }
  return out;
}

/// The first `len` tokens alone.
inline Sequences first_of(const Sequences& s, std::int64_t len) {
  Sequences out = s;
  out.tokens = piece(s, 0, len);
  return out;
}

/// Knows positions that are not the tokens' own.
template <class With>
Matches but_not_another_position(Matches matcher, const Sequences& s, bool is_first, With with) {
  const auto ids = [ids = s.tokens.position_ids](std::int64_t b, std::int64_t t) { return ids.at(b, t); };
  const auto since_begin = [](const Look& l) { return l.token - l.begin; };
  const auto numbers = with([](Formula& f) {
    f.query_position = [](const Look& l) { return l.token; };
    f.key_position = [](const Look& l) { return l.other; };
  });
  if (is_first)
    std::move(matcher).but_not(numbers, "tokens turn by 0, 1, 2, ...: they turn by their position ids");
  else
    std::move(matcher).but_not(with([=](Formula& f) {
                                 f.query_position = since_begin;
                                 f.key_position = [](const Look& l) { return l.other - l.other_begin; };
                               }),
                               "the positions begin at 0 in every call: a token turns by its position id, "
                               "tokens.position_ids, and in decoding that is not 0");
  return std::move(matcher)
      .but_not(with([=](Formula& f) { f.query_position = since_begin; }),
               "the queries' positions begin at 0 in every call; the keys' do not. Both turn by tokens.position_ids")
      .but_not(numbers,
               "tokens turn by their numbers, as they came: they turn by their position ids, and there may be gaps")
      .but_not(with([=](Formula& f) {
                 f.query_position = [=](const Look& l) { return ids(0, l.token); };
                 f.key_position = [=](const Look& l) { return ids(0, l.other); };
               }),
               "every sequence turns by the position ids of the first")
      .but_not(with([=](Formula& f) {
                 f.key_position = [=](const Look& l) { return (l.is_cached() ? 2 : 1) * ids(l.b, l.other); };
               }),
               "cached keys were rotated twice: a key is rotated once, before it is stored")
      .but_not(with([=](Formula& f) {
                 f.key_position = [=](const Look& l) { return ids(l.b, l.other) + (l.is_cached() ? l.other : 0); };
               }),
               "cached keys were rotated once more when they were read, by the number of their row")
      .but_not(with([=](Formula& f) {
                 f.key_position = [=](const Look& l) { return l.is_cached() ? 0 : ids(l.b, l.other); };
               }),
               "keys were stored before they were rotated: the cache holds rotated ones")
      .but_not(with([=](Formula& f) { f.key_position = [](const Look&) { return 0; }; }), "the keys were not rotated")
      .but_not(with([=](Formula& f) { f.query_position = [](const Look&) { return 0; }; }),
               "the queries were not rotated")
      .but_not(with([=](Formula& f) { f.turn.none = true; }), "neither queries nor keys were rotated")
      .but_not(with([=](Formula& f) { f.values_turn = true; }),
               "the values were rotated, too: only queries and keys are")
      .but_not(with([=](Formula& f) { f.turn.halves = false; }),
               "neighbouring channels were paired: c turns with c + head_dim / 2")
      .but_not(with([=](Formula& f) { f.base_ignored = true; }), "the base is 10 000 whatever rope_base says");
}

/// Knows tokens that see others than they should.
template <class With>
Matches but_not_another_view(Matches matcher, const Sequences& s, With with) {
  const auto mask = [mask = s.tokens.attention_mask](std::int64_t b, std::int64_t t) { return mask.at(b, t); };
  const auto ids = [ids = s.tokens.position_ids](std::int64_t b, std::int64_t t) { return ids.at(b, t); };
  const std::int64_t window = s.window, capacity = std::max<std::int64_t>(window, 1);
  const auto seen_if = [=](auto rule) { return with([=](Formula& f) { f.sees = rule; }); };
  const auto in_window = [=](const Look& l, std::int64_t w) { return window == 0 || l.other > l.token - w; };
  std::move(matcher)
      .but_not(seen_if([=](const Look& l) { return l.other < l.end && in_window(l, window) && mask(l.b, l.other); }),
               "there is no causal mask: a new token sees the new tokens after it")
      .but_not(seen_if([=](const Look& l) {
                 return l.other <= l.token - l.begin && in_window(l, window) && mask(l.b, l.other);
               }),
               "the causal mask begins at the start: row i of the new tokens sees keys 0 to i. Row i is token seen() + "
               "i, and sees everything up to that")
      .but_not(
          seen_if([=](const Look& l) {
            return ids(l.b, l.other) <= ids(l.b, l.token) && l.other < l.end && in_window(l, window) &&
                   mask(l.b, l.other);
          }),
          "who sees whom was decided by position ids: the tokens' numbers decide it, and ids may repeat or go back")
      .but_not(seen_if([=](const Look& l) { return l.other < l.token && in_window(l, window) && mask(l.b, l.other); }),
               "a token does not see itself: it sees all tokens up to itself")
      .but_not(seen_if([=](const Look& l) { return l.other <= l.token && in_window(l, window); }),
               "padding is attended to: attention_mask says which tokens are none")
      .but_not(seen_if([=](const Look& l) { return l.other <= l.token && in_window(l, window) && mask(0, l.other); }),
               "every sequence has the padding of the first")
      .but_not(seen_if([=](const Look& l) {
                 return l.other <= l.token && in_window(l, window) && (l.is_cached() || mask(l.b, l.other - l.begin));
               }),
               "attention_mask was read from column 0 on for the new tokens: its columns are the tokens' numbers, and "
               "the new ones begin at seen()")
      .but_not(seen_if([=](const Look& l) {
                 return l.other <= l.token && in_window(l, window) && (l.is_cached() || mask(l.b, l.other));
               }),
               "padding in the cache is attended to: attention_mask covers the cached tokens, too")
      .but_not(seen_if([=](const Look& l) {
                 return l.other >= l.begin && l.other <= l.token && in_window(l, window) && mask(l.b, l.other);
               }),
               "only the new tokens are seen: those in the cache come before them")
      .but_not(seen_if([=](const Look& l) {
                 return (l.is_cached() || l.begin == 0) && l.other <= l.token && in_window(l, window) &&
                        mask(l.b, l.other);
               }),
               "after the first call, only cached tokens are seen: the new ones see each other, and themselves, too");
  if (window == 0) return matcher;
  return std::move(matcher)
      .but_not(seen_if([=](const Look& l) {
                 const std::int64_t held = std::min(l.begin, capacity);
                 return l.other <= l.token && in_window(l, window) &&
                        mask(l.b, l.is_cached() ? l.other % capacity : held + l.other - l.begin);
               }),
               "attention_mask was read by rows of the ring: its columns are the tokens' numbers, and row r holds the "
               "newest token t with t % capacity == r")
      .but_not(seen_if([=](const Look& l) {
                 if (l.is_cached() && l.other < l.begin - capacity) return false;
                 const bool wrapped = l.is_cached() && l.begin > capacity;
                 const std::int64_t taken_for = wrapped ? l.begin - capacity + l.other % capacity : l.other;
                 return taken_for <= l.token && taken_for > l.token - window && mask(l.b, taken_for);
               }),
               "the rows of the ring were taken to be in order, the oldest token in row 0: row r holds the newest "
               "token t with t % capacity == r")
      .but_not(seen_if([=](const Look& l) { return l.other <= l.token && mask(l.b, l.other); }),
               "a token sees everything before it: in a ring it sees the last `capacity` tokens, itself included")
      .but_not(
          seen_if([=](const Look& l) { return l.other <= l.token && in_window(l, window + 1) && mask(l.b, l.other); }),
          "a token sees one token too many: the last `capacity` tokens include itself, and the row that it will "
          "overwrite is not among them")
      .but_not(
          seen_if([=](const Look& l) { return l.other <= l.token && in_window(l, window - 1) && mask(l.b, l.other); }),
          "a token sees one token too few: it sees the last `capacity` tokens, itself included")
      .but_not(seen_if([=](const Look& l) {
                 return l.other <= l.token && mask(l.b, l.other) && in_window(l, window) && l.other >= l.end - window;
               }),
               "the first of the new tokens lack keys: they were overwritten by the last ones before they were seen. "
               "Attend first, append then")
      .but_not(seen_if([=](const Look& l) {
                 return l.other <= l.token && mask(l.b, l.other) &&
                        (l.is_cached() ? l.other >= l.begin - window : in_window(l, window));
               }),
               "every row of the ring is seen: token t sees none before t - capacity + 1");
}

/// Knows mistakes of attention and of the projections around it.
template <class With>
Matches but_not_another_attention(Matches matcher, const Sequences& s, With with) {
  const auto scaled = [&](double scale) { return with([=](Formula& f) { f.scale = scale; }); };
  return std::move(matcher)
      .but_not(scaled(1), "the scores are not scaled by 1 / sqrt(head_dim)")
      .but_not(scaled(1 / std::sqrt(static_cast<double>(s.d_model()))), "the scores are scaled by 1 / sqrt(d_model)")
      .but_not(scaled(1 / static_cast<double>(s.head_dim())), "the scores are scaled by 1 / head_dim")
      .but_not(with([](Formula& f) { f.mask_after_softmax = true; }),
               "hidden tokens have lost their values but still count in the sum: mask before the softmax")
      .but_not(with([=](Formula& f) { f.kv_head = [n = s.kv_heads](std::int64_t h) { return h % n; }; }),
               "query head h reads KV head h % kv_heads: it is the neighbours that share, h / (heads / kv_heads)")
      .but_not(with([](Formula& f) { f.kv_head = [](std::int64_t) { return std::int64_t{0}; }; }),
               "every query head reads KV head 0")
      .but_not(with([=](Formula& f) {
                 f.kv_head = [last = s.kv_heads - 1](std::int64_t h) { return std::min<std::int64_t>(h, last); };
               }),
               "query head h reads KV head h, and the last one if there is none: it is h / (heads / kv_heads)")
      .but_not(with([](Formula& f) { f.cached_values_lost = true; }),
               "the values of the cached tokens are missing: the second product adds to the first one (beta = 1)")
      .but_not(with([](Formula& f) { f.new_values_lost = true; }),
               "the values of the new tokens are missing: the second product adds to the first one (beta = 1)")
      .but_not(with([](Formula& f) { f.two_softmaxes = true; }),
               "the cached tokens and the new ones have a softmax each: the weights of a token add up to 1 over both")
      .but_not(with([](Formula& f) { f.no_projection = true; }), "w_o is missing")
      .but_not(with([](Formula& f) { f.last_head_only = true; }),
               "only the last head is in the result: each head adds its product to what is there (beta = 1)")
      .but_not(with([](Formula& f) { f.cached_values_of_token_0 = true; }),
               "all cached tokens have the value of the first");
}

/// Matches the outputs of the tokens [starts.back(), len) of these sequences, whose calls began at `starts`.
inline Matches computes(const Sequences& s, const Starts& starts) {
  const std::int64_t begin = starts.back(), end = s.len();
  const auto with =
      changes_of(Formula(), [=](const Formula& f) { return rows_of(layer<double>(s, starts, f), begin, end); });
  const Tensor64 expected = with([](Formula&) {})();
  Matches result = matches(expected, oracle::lost_in_float(rows_of(layer<float>(s), begin, end), expected));
  for (const auto& [which, sentence] : attention_tests::slips_of_turn("rope_base", "head_dim"))
    if (which != &Turn::none)
      std::move(result).but_not(with([which = which](Formula& f) { f.turn.*which = true; }), sentence);
  result = but_not_another_view(but_not_another_position(std::move(result), s, starts.size() == 1, with), s, with);
  return but_not_another_attention(std::move(result), s, with)
      .but_if(has_nan,
              "there are NaNs. Does a token that sees nothing give zeros, and is the largest score taken off?");
}

/// Room for all of them, or the window as a ring.
inline Cache cache_for(const Sequences& s) {
  return make_cache({.batch = static_cast<int>(s.batch()),
                     .kv_heads = s.kv_heads,
                     .head_dim = static_cast<int>(s.head_dim()),
                     .capacity = static_cast<int>(s.window > 0 ? s.window : s.len()),
                     .ring = s.window > 0});
}

inline Tensor run(const Sequences& s, std::int64_t begin, std::int64_t end, Cache& cache, bool use_cache = true) {
  return student<forward>(piece(s, begin, end), s.weights, s.heads, s.base, cache, use_cache);
}

/// Feeds the sequences to one cache, a call from each start to the next, and checks what each call gives.
inline void check_pieces(const Sequences& s, const Starts& starts) {
  Cache cache = cache_for(s);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t end = i + 1 < starts.size() ? starts[i + 1] : s.len();
    const Starts until(starts.begin(), starts.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    CHECK_THAT(run(s, starts[i], end, cache), computes(first_of(s, end), until));
  }
}

/// 0, n, 2n, ...
inline Starts every(std::int64_t n, std::int64_t len) {
  Starts starts;
  for (std::int64_t t = 0; t < len; t += n) starts.push_back(t);
  return starts;
}

}  // namespace workbook::kv_cache
