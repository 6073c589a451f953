#pragma once
/// Bytes held and work done as the contract counts them, and as somebody with one idea wrong would.

#include "common/checker/student.h"

namespace workbook::backend_selection {

inline std::int64_t bytes_of(DType dtype) { return dtype == DType::float32 ? 4 : 2; }
inline std::int64_t in_int(std::int64_t x) { return std::int64_t{static_cast<std::int32_t>(x)}; }

/// What attention holds, in elements; what goes wrong is a field.
struct Held {
  std::int64_t width = 4, score_width = 4;
  std::int64_t queries = 0, outputs = 0, keys = 0, values = 0, copies = 0;
  std::int64_t scores = 0, score_tensors = 0, log_sum_exps = 0;
  std::int64_t bytes() const {
    return width * (queries + outputs + keys + values + copies) + score_width * scores * score_tensors +
           4 * log_sum_exps;
  }
};

inline Held held(const Backend& b, const Problem& p) {
  const std::int64_t batch = p.batch, heads = batch * p.heads, q = p.q_len, kv = p.kv_len, d = p.head_dim;
  const std::int64_t of_keys = batch * p.kv_heads * kv * d;
  Held h{.width = bytes_of(p.dtype), .queries = heads * q * d, .outputs = heads * q * d, .keys = of_keys};
  h.values = of_keys;
  h.score_tensors = 1;
  switch (b.algorithm) {
    case Algorithm::unfused:
      h.scores = heads * q * kv;
      h.score_tensors = 2;
      h.copies = p.kv_heads < p.heads ? 2 * heads * kv * d : 0;
      break;
    case Algorithm::per_head:
      h.scores = q * kv;
      break;
    case Algorithm::fused:
      h.scores = kv;
      break;
    case Algorithm::flash:
      h.scores = std::int64_t{std::min(b.q_tile, p.q_len)} * std::min(b.kv_tile, p.kv_len);
      h.log_sum_exps = heads * q;
  }
  return h;
}

inline std::int64_t held_bytes(const Backend& b, const Problem& p) { return held(b, p).bytes(); }

/// Matches estimate_memory(b, p), and knows the mistakes that people make.
inline ExactCount holds(const Backend& b, const Problem& p) {
  const Held right = held(b, p);
  const auto with = changes_of(right, &Held::bytes);
  const std::int64_t batch = p.batch, heads = batch * p.heads, q = p.q_len, kv = p.kv_len, d = p.head_dim;
  const bool flash = b.algorithm == Algorithm::flash;
  Backend other = b;
  other.algorithm = Algorithm::unfused;
  const bool all_scores = b.algorithm == Algorithm::unfused || b.algorithm == Algorithm::per_head;
  return is_count(right.bytes())
      .but_not(with([=](Held& h) { h.scores = all_scores ? h.scores / (q * kv) * in_int(q * kv) : h.scores; }),
               "q_len kv_len was computed in int, which ends at 2 147 483 647")
      .but_not(with([](Held& h) { h.scores = h.log_sum_exps = 0; }),
               "this is q, k, v and the output alone: what the algorithm holds besides is forgotten, and it is what "
               "tells the backends apart")
      .but_not(with([](Held& h) { h.scores = 0; }), "the scores are forgotten: they exist besides q, k, v and output")
      .but_not(with([](Held& h) { h.outputs = 0; }), "the output is forgotten: it is as large as q, and exists too")
      .but_not(with([](Held& h) { h.log_sum_exps = 0; }),
               "the log-sum-exps are forgotten: flash keeps one float for each query of each head")
      .but_not(with([](Held& h) {
                 if (h.width == 4) h.score_tensors = 1;
               }),
               "one tensor of scores is counted: unfused attention holds scores and weights at the same time")
      .but_not(with([](Held& h) { h.copies = 0; }),
               "the copies are forgotten: with fewer KV heads than query heads, unfused attention copies k and v")
      .but_not(with([](Held& h) { h.copies /= 2; }), "the copies are of keys alone: values are copied, too")
      .but_not(with([](Held& h) { h.keys = h.copies / 2, h.values = h.keys, h.copies = 0; }),
               "k and v exist twice: as they came, with kv_heads, and as copies for all query heads")
      .but_not(with([=](Held& h) { h.keys = h.values = heads * kv * d; }),
               "k and v are counted with as many heads as q: they have kv_heads")
      .but_not(with([](Held& h) { h.keys = 0; }), "k and v are two tensors, and one is counted")
      .but_not(with([](Held& h) { h.score_width = h.width; }),
               "the scores are counted in the dtype of q: they are float32 whatever the dtype is")
      .but_not(with([](Held& h) { h.width = 4; }),
               "q, k, v and output are counted as float32: in 16 bits they are half as large, and the scores are not")
      .but_not(with([=](Held& h) { h.scores *= p.heads; }), "only one head's scores exist at a time, not those of all")
      .but_not(with([=](Held& h) { h.scores *= heads; }), "only one head's scores exist at a time, not those of all")
      .but_not(with([=](Held& h) { h.scores /= batch; }),
               "the scores are those of one sequence: unfused attention holds the whole batch's")
      .but_not(with([=](Held& h) { h.scores /= p.heads; }),
               "the scores are those of one head: unfused attention holds those of all heads")
      .but_not(with([=, &b](Held& h) { h.scores = flash ? std::int64_t{b.q_tile} * b.kv_tile : h.scores; }),
               "a tile is counted whole: neither side is longer than the problem's")
      .but_not(with([=](Held& h) { h.log_sum_exps = flash ? q : 0; }),
               "the log-sum-exps are those of one head: the result has them for all")
      .but_not(with([](Held& h) { h.log_sum_exps *= h.width, h.log_sum_exps /= 4; }),
               "the log-sum-exps are counted in the dtype of q: they are float32")
      .but_not_in_int()
      .but_not(with([](Held& h) { h.scores = in_int(h.scores); }),
               "the scores were counted in int, which ends at 2 147 483 647")
      .but_not(with([](Held& h) { h.scores = in_int(h.scores * h.score_tensors), h.score_tensors = 1; }),
               "the scores were counted in int, which ends at 2 147 483 647")
      .but_if([right](std::int64_t got) { return right.bytes() > INT32_MAX && got < right.bytes(); },
              "the count is too small. Does a part of it exceed an int, which ends at 2 147 483 647?");
}

/// Work as a sum over queries and tiles; what goes wrong is an argument.
struct Counting {
  bool causal_pairs = true, clip_to_last = true, tile_sees_first = false, align_at_end = true, round_up = true;
  std::int64_t score_moves = 4, flops_of_a_pair = 4, tensors = 4;
  bool batch = true, copies = true, unfused_exponentials = true;
};

inline std::int64_t seen_by(const Problem& p, std::int64_t i, const Counting& c = {}) {
  if (p.mask == Mask::none || !c.causal_pairs) return p.kv_len;
  return std::clamp<std::int64_t>(i + 1 + (c.align_at_end ? p.kv_len - p.q_len : 0), 0, p.kv_len);
}

inline Work counted(const Backend& b, const Problem& p, const Counting& c = {}) {
  const bool flash = b.algorithm == Algorithm::flash, unfused = b.algorithm == Algorithm::unfused;
  const bool whole = unfused || b.algorithm == Algorithm::per_head;
  const std::int64_t heads = std::int64_t{c.batch ? p.batch : 1} * p.heads, q = p.q_len, kv = p.kv_len;
  std::int64_t visible = 0, pairs = 0, tiles = 0;
  for (std::int64_t i = 0; i < q; ++i) visible += seen_by(p, i, c);
  for (std::int64_t i = 0; flash && i < q; ++i) {  // query i computes what the last query of its tile sees
    const std::int64_t first = i / b.q_tile * b.q_tile, last = std::min<std::int64_t>(first + b.q_tile, q) - 1;
    const std::int64_t end = seen_by(p, c.tile_sees_first ? first : last, c);
    const std::int64_t met =
        c.round_up ? (end + b.kv_tile - 1) / b.kv_tile : std::max<std::int64_t>(end / b.kv_tile, 1);
    pairs += c.clip_to_last ? end : met * b.kv_tile;
    if (i == first) tiles += met;
  }
  if (!flash) pairs = whole ? q * kv : visible;
  const Held h = held(b, p);
  const std::int64_t tensors = (c.tensors == 4 ? h.outputs : 0) + h.queries + h.keys + h.values;
  const std::int64_t moved = whole ? c.score_moves * heads * q * kv : 0;
  return {.flops = heads * pairs * c.flops_of_a_pair * p.head_dim,
          .exponentials = heads * (unfused && c.unfused_exponentials ? pairs : visible),
          .bytes = bytes_of(p.dtype) * (tensors + (c.copies ? 2 * h.copies : 0)) + 4 * moved,
          .launches = heads * (whole   ? 3
                               : flash ? tiles
                                       : q)};
}

inline Work changed(const Backend& b, const Problem& p, void (*change)(Counting&)) {
  Counting c;
  change(c);
  return counted(b, p, c);
}

/// Checks work_of(b, p), and knows the mistakes that people make.
inline void check_work(const Work& got, const Backend& b, const Problem& p) {
  const Work right = counted(b, p);
  const auto with = [&](std::int64_t Work::*count, void (*change)(Counting&)) { return changed(b, p, change).*count; };
  const char* const aligned =
      "the causal mask is aligned at the start: the last query sees all keys, so query i sees "
      "the first i + 1 + kv_len - q_len";
  const char* const first_query =
      "a tile of queries ends at the keys of its first query: it goes on to those of its last";
  const char* const batch = "one sequence is counted: the batch multiplies everything";
  CHECK_THAT(
      got.flops,
      is_count(right.flops, "flops")
          .but_not(with(&Work::flops, [](Counting& c) { c.causal_pairs = false; }),
                   "all pairs are counted: with a causal mask, this algorithm does not compute what no query sees")
          .but_not(with(&Work::exponentials, [](Counting&) {}) * 4 * p.head_dim,
                   "only the pairs that the mask lets through are counted: this algorithm computes more of them, "
                   "and hides them afterwards")
          .but_not(with(&Work::flops, [](Counting& c) { c.clip_to_last = false; }),
                   "the last tile of keys is counted whole: it ends at the last key that the tile's last query "
                   "sees")
          .but_not(with(&Work::flops, [](Counting& c) { c.tile_sees_first = true; }), first_query)
          .but_not(with(&Work::flops, [](Counting& c) { c.align_at_end = false; }), aligned)
          .but_not(with(&Work::flops, [](Counting& c) { c.flops_of_a_pair = 2; }),
                   "half of it: there are two products, and a multiplication and an addition count 1 each")
          .but_not(with(&Work::flops, [](Counting& c) { c.flops_of_a_pair = 6; }),
                   "6 FLOPs for each channel of a pair: two products of 2 FLOPs each are 4")
          .but_not(with(&Work::flops, [](Counting& c) { c.batch = false; }), batch)
          .but_not_in_int());
  CHECK_THAT(got.exponentials,
             is_count(right.exponentials, "exponentials")
                 .but_not(with(&Work::exponentials, [](Counting& c) { c.causal_pairs = false; }),
                          "all pairs are counted: the softmax of this algorithm takes only what the mask lets through")
                 .but_not(with(&Work::exponentials, [](Counting& c) { c.unfused_exponentials = false; }),
                          "only visible pairs are counted: unfused attention takes the softmax of whole rows")
                 .but_not(right.flops / 4 / p.head_dim,
                          "all computed pairs are counted: the softmax of this algorithm takes only what the mask lets "
                          "through")
                 .but_not(with(&Work::exponentials, [](Counting& c) { c.align_at_end = false; }), aligned)
                 .but_not(with(&Work::exponentials, [](Counting& c) { c.batch = false; }), batch)
                 .but_not_in_int());
  CHECK_THAT(got.bytes,
             is_count(right.bytes, "bytes")
                 .but_not(with(&Work::bytes, [](Counting& c) { c.score_moves = 0; }),
                          "the scores are forgotten: they are written and read, before the softmax and after it")
                 .but_not(with(&Work::bytes, [](Counting& c) { c.score_moves = 2; }),
                          "the scores move four times, not twice: written and read before the softmax, and after it")
                 .but_not(with(&Work::bytes, [](Counting& c) { c.copies = false; }),
                          "the copies are forgotten: unfused attention reads and writes an element for each of theirs")
                 .but_not(right.bytes - bytes_of(p.dtype) * held(b, p).copies,
                          "the copies are counted once: each of their elements is read once and written once")
                 .but_not(with(&Work::bytes, [](Counting& c) { c.tensors = 3; }), "the output is forgotten")
                 .but_not(with(&Work::bytes, [](Counting& c) { c.batch = false; }),
                          "the scores are those of one sequence: the batch multiplies everything")
                 .but_not(held_bytes(b, p), "these are the bytes that are held: bytes that move are another count")
                 .but_not_in_int());
  CHECK_THAT(
      got.launches,
      is_count(right.launches, "launches")
          .but_not(with(&Work::launches, [](Counting& c) { c.causal_pairs = false; }),
                   "all tiles are counted: those that no query of a tile sees are not visited")
          .but_not(with(&Work::launches, [](Counting& c) { c.tile_sees_first = true; }), first_query)
          .but_not(with(&Work::launches, [](Counting& c) { c.align_at_end = false; }), aligned)
          .but_not(with(&Work::launches, [](Counting& c) { c.round_up = false; }),
                   "the number of tiles is rounded down: the last, narrower one is visited as well")
          .but_not(with(&Work::launches, [](Counting& c) { c.batch = false; }), batch)
          .but_not(right.launches / p.batch / p.heads, "one head is counted: each head has launches of its own"));
}

}  // namespace workbook::backend_selection
