#pragma once
/// Bytes and FLOPs as the contract counts them, and as somebody with one idea wrong would.

#include "common/checker/student.h"

namespace workbook::linear_attention {

/// The count as floating point has it.
inline std::int64_t in_double(std::int64_t count) { return static_cast<std::int64_t>(static_cast<double>(count)); }
inline std::int64_t in_float(std::int64_t count) {
  return static_cast<std::int64_t>(static_cast<double>(static_cast<float>(count)));
}
inline const char* const kInDouble =
    "the count was rounded to a floating-point number on its way: a double has 53 bits, a float 24";

/// What remains of a number in an int.
inline std::int64_t wrapped(std::int64_t count) { return static_cast<std::int32_t>(count); }
inline const char* const kSquareInInt =
    "the square of seq, or of chunk, was computed in int, which ends at 2 147 483 647: make it a std::int64_t before";

/// A state, in floats.
inline std::int64_t state_floats(const Problem& p) {
  return std::int64_t{p.head_dim} * (std::int64_t{p.value_dim} + 1);
}

inline std::int64_t expected_bytes(Form form, const Problem& p) {
  const std::int64_t seq = p.seq, chunk = p.chunk;
  switch (form) {
    case Form::scores:
      return 4 * seq * seq;
    case Form::cumulative_sum:
      return 4 * seq * state_floats(p);
    case Form::running_state:
      return 4 * state_floats(p);
    case Form::chunked:
      return 4 * (state_floats(p) + chunk * chunk);
  }
  return 0;
}

/// Matches held_bytes(form, p), and knows the mistakes that people make.
inline ExactCount holds(Form form, const Problem& p) {
  const std::int64_t right = expected_bytes(form, p), seq = p.seq, states = form == Form::cumulative_sum ? seq : 1;
  const bool has_state = form != Form::scores;
  return is_count(right)
      .but_not(right / 4, "this counts floats, not bytes")
      .but_not(has_state ? right - 4 * states * p.head_dim : right,
               "the normaliser is missing: a state has head_dim rows of value_dim and, for each row, one number more")
      .but_not(form == Form::scores ? 4 * wrapped(seq * seq) : right, kSquareInInt)
      .but_not(form == Form::scores ? wrapped(4 * seq * seq) : right, kSquareInInt)
      .but_not(form == Form::chunked ? 4 * (state_floats(p) + std::int64_t{p.chunk} * (std::int64_t{p.chunk} + 1) / 2)
                                     : right,
               "half of a chunk's weights are hidden, but they are held: the matrix is chunk by chunk")
      .but_not(form == Form::chunked ? 4 * (state_floats(p) + wrapped(std::int64_t{p.chunk} * p.chunk)) : right,
               kSquareInInt)
      .but_not(form == Form::scores ? 4 * seq * (seq + 1) / 2 : right,
               "half of the weights are hidden, but they are held: the matrix is seq by seq")
      .but_not(form == Form::cumulative_sum ? 4 * state_floats(p) : right,
               "the cumulative sum holds the states after *all* positions: seq of them")
      .but_not(form == Form::chunked ? right + 4 * (seq / p.chunk - 1) * state_floats(p) : right,
               "one state is enough for all chunks: the next chunk's is made from it, in place")
      .but_not(form == Form::chunked ? 4 * state_floats(p) : right,
               "the weights of the pairs inside a chunk are missing: chunk by chunk")
      .but_not(form == Form::chunked ? 4 * (state_floats(p) + seq * p.chunk) : right,
               "only one chunk's weights exist at a time: chunk by chunk, not seq by chunk")
      .but_not(has_state ? right - 4 * states * (state_floats(p) - static_cast<std::int32_t>(state_floats(p))) : right,
               "the size of a state, head_dim (value_dim + 1), was computed in int: make head_dim and value_dim a "
               "std::int64_t before they meet")
      .but_not(in_double(right), kInDouble)
      .but_not(in_float(right), kInDouble)
      .but_not_in_int();
}

/// FLOPs, with what goes wrong as arguments.
struct Work {
  std::int64_t pairs = 0, positions = 0, pair = 0, position = 0;
  std::int64_t flops() const { return pairs * pair + positions * position; }
};

inline std::int64_t pairs_of(std::int64_t n) { return n * (n + 1) / 2; }

inline Work expected_work(Form form, const Problem& p) {
  const std::int64_t seq = p.seq, d = p.head_dim, value_dim = p.value_dim;
  Work work{.pair = 2 * (d + value_dim), .position = 4 * d * value_dim};
  if (form == Form::scores) work.pairs = pairs_of(seq);
  if (form == Form::chunked) work.pairs = seq / p.chunk * pairs_of(p.chunk) + pairs_of(seq % p.chunk);
  if (form != Form::scores) work.positions = seq;
  return work;
}

/// n (n + 1) pairs, whose cost is halved last, in 64 bits that wrap.
inline std::int64_t half_at_the_end(Form form, const Problem& p) {
  const auto right = static_cast<std::uint64_t>(expected_work(form, p).flops());
  if (form != Form::scores) return static_cast<std::int64_t>(right);
  const auto n = static_cast<std::uint64_t>(p.seq);
  return static_cast<std::int64_t>(n * (n + 1) * static_cast<std::uint64_t>(expected_work(form, p).pair)) / 2;
}

/// Matches flops(form, p), and knows the mistakes that people make.
inline ExactCount costs(Form form, const Problem& p) {
  const Work right = expected_work(form, p);
  const auto with = changes_of(right, &Work::flops);
  const std::int64_t seq = p.seq, chunk = p.chunk;
  return is_count(right.flops())
      .but_not(with([](Work& w) { w.position /= 2; }),
               "a position does two things with the state: it adds its key, and its query reads. Each is a "
               "multiplication and an addition for every number of the state")
      .but_not(right.flops() / 2,
               "this is half: a multiplication and an addition are two FLOPs (or is one of the two products missing?)")
      .but_not(with([=](Work& w) {
                 w.pairs = form == Form::scores ? seq * seq : (seq + chunk - 1) / chunk * chunk * chunk;
               }),
               "all pairs were counted, also those that the mask hides: n positions have n (n + 1) / 2 visible pairs")
      .but_not(with([=](Work& w) { w.pairs = form == Form::scores ? seq * (seq - 1) / 2 : w.pairs - seq; }),
               "a position sees itself, too: n (n + 1) / 2 visible pairs")
      .but_not(with([](Work& w) { w.pairs = 0; }), "the pairs inside the chunks are missing")
      .but_not(with([](Work& w) { w.positions = 0; }), "the state is missing: keys are added to it, queries read it")
      .but_not(with([=](Work& w) { w.pairs = form == Form::chunked ? seq / chunk * pairs_of(chunk) : w.pairs; }),
               "seq / chunk is rounded down: the last, shorter chunk has pairs as well")
      .but_not(with([=](Work& w) {
                 w.pairs = form == Form::chunked ? (seq + chunk - 1) / chunk * pairs_of(chunk) : w.pairs;
               }),
               "the last chunk was counted as a whole one: it has seq % chunk positions")
      .but_not(with([=](Work& w) {
                 const std::int64_t n = form == Form::scores ? seq : chunk;
                 const auto halved = [](std::int64_t m) { return wrapped(m * (m + 1)) / 2; };
                 if (form == Form::scores) w.pairs = halved(n);
                 if (form == Form::chunked) w.pairs = seq / n * halved(n) + halved(seq % n);
               }),
               kSquareInInt)
      .but_not(half_at_the_end(form, p),
               "n (n + 1) times the cost of a pair was halved at the end, and is no 64-bit number before that: halve "
               "n (n + 1) first, it is even")
      .but_not(in_double(right.flops()), kInDouble)
      .but_not(in_float(right.flops()), kInDouble)
      .but_not_in_int();
}

}  // namespace workbook::linear_attention
