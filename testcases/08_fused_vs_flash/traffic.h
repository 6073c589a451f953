#pragma once
/// Bytes and intensity as the contract counts them, and as somebody with one idea wrong would.

#include "common/checker/student.h"

namespace workbook::fused_vs_flash {

/// Floats moved; what goes wrong is an argument.
struct Count {
  std::int64_t queries = 0;  ///< elements of q
  std::int64_t outputs = 0;
  std::int64_t keys_and_values = 0;  ///< elements of both
  std::int64_t passes = 1;           ///< over keys and values
  std::int64_t scores = 0;           ///< elements of the score matrix
  std::int64_t score_moves = 0;
  std::int64_t bytes() const {
    return (queries + outputs + keys_and_values * passes + scores * score_moves) * std::int64_t{sizeof(float)};
  }
};

inline Count count(Algorithm algorithm, const Problem& p) {
  const std::int64_t q_len = p.q_len, kv_len = p.kv_len, d = p.head_dim, q_tile = p.q_tile;
  Count c{.queries = q_len * d, .outputs = q_len * d, .keys_and_values = 2 * kv_len * d, .scores = q_len * kv_len};
  if (algorithm == Algorithm::unfused) c.score_moves = 4;
  if (algorithm == Algorithm::fused) c.passes = q_len;
  if (algorithm == Algorithm::flash) c.passes = (q_len + q_tile - 1) / q_tile;
  return c;
}

/// The bytes if some of the products wrap around in int: 1 the scores, 2 the queries, 4 keys and values, 8 keys.
inline std::int64_t in_int_parts(Count c, const Problem& p, int parts) {
  const auto wrapped = [](std::int64_t x) { return std::int64_t{static_cast<std::int32_t>(x)}; };
  if (parts & 1) c.scores = wrapped(c.scores);
  if (parts & 2) c.queries = c.outputs = wrapped(std::int64_t{p.q_len} * p.head_dim);
  if (parts & 4) c.keys_and_values = wrapped(c.keys_and_values);
  if (parts & 8) c.keys_and_values = 2 * wrapped(std::int64_t{p.kv_len} * p.head_dim);
  return c.bytes();
}

/// Matches traffic_bytes(algorithm, p), and knows the mistakes that people make.
inline ExactCount moves(Algorithm algorithm, const Problem& p) {
  const Count right = count(algorithm, p);
  const auto with = changes_of(right, &Count::bytes);
  return is_count(right.bytes())
      .but_not(right.bytes() / 4, "this counts floats, not bytes")
      .but_not(
          with([](Count& c) { c.score_moves = 0; }),
          "the score matrix is forgotten: it is written and read before the softmax, and written and read after it")
      .but_not(with([](Count& c) { c.score_moves = 1; }),
               "the scores move four times, not once: two steps write a "
               "matrix, and the step after each reads it")
      .but_not(with([](Count& c) { c.score_moves = 2; }),
               "the scores move four times, not twice: the softmax reads scores and writes weights, which are another "
               "matrix as far as slow memory knows")
      .but_not(with([](Count& c) { c.score_moves = 3; }), "the scores move four times: written, read, written, read")
      .but_not(
          with([](Count& c) { c.passes = 1; }),
          "keys and values are counted once. Fast memory does not hold them: every step, for a query or for a tile "
          "of queries, reads all of them again")
      .but_not(with([=](Count& c) {
                 const std::int64_t last = std::int64_t{p.q_len} + p.q_tile - 1;
                 c.passes = algorithm == Algorithm::flash ? static_cast<std::int32_t>(last) / p.q_tile : c.passes;
               }),
               "q_len + q_tile - 1 was computed in int, which ends at 2 147 483 647")
      .but_not(with([=](Count& c) {
                 if (algorithm == Algorithm::flash)
                   c.queries = c.outputs = c.passes * std::min(p.q_tile, p.q_len) * p.head_dim;
               }),
               "the last tile was counted as a whole one: it has as many queries as are left")
      .but_not(with([=](Count& c) {
                 if (algorithm == Algorithm::flash) c.queries = c.outputs = c.passes * p.q_tile * p.head_dim;
               }),
               "the last tile was counted as a whole one: it has as many queries as are left")
      .but_not(with([=](Count& c) { c.passes = std::max(1, p.q_len / p.q_tile); }),
               "q_len / q_tile is rounded down: the last, shorter tile reads all keys and values as well")
      .but_not(with([=](Count& c) { c.passes = (std::int64_t{p.kv_len} + p.q_tile - 1) / p.q_tile; }),
               "keys and values are read once for each tile of *queries*: q_len counts, not kv_len")
      .but_not(with([](Count& c) { c.keys_and_values /= 2; }), "this reads the keys and forgets the values")
      .but_not(with([](Count& c) { c.outputs = 0; }), "the output is written, too")
      .but_not_in_int()
      .but_not(static_cast<std::int64_t>(static_cast<double>(right.bytes())),
               "the count was computed in double, which has 53 bits: std::int64_t has 63")
      .but_not(in_int_parts(right, p, 1), "the scores, q_len kv_len, were counted in int, which ends at 2 147 483 647")
      .but_not(in_int_parts(right, p, 2), "q, q_len head_dim, was counted in int, which ends at 2 147 483 647")
      .but_not(in_int_parts(right, p, 4),
               "keys and values, 2 kv_len head_dim, were counted in int, which ends at 2 147 483 647")
      .but_not(in_int_parts(right, p, 8), "the keys, kv_len head_dim, were counted in int, which ends at 2 147 483 647")
      .but_not(in_int_parts(right, p, 7), "products of two extents were computed in int, which ends at 2 147 483 647")
      .but_not(in_int_parts(right, p, 11), "products of two extents were computed in int, which ends at 2 147 483 647")
      .but_if([=](std::int64_t got) { return right.bytes() > INT32_MAX && got < right.bytes(); },
              "the count is too small. Does a part of it exceed an int, which ends at 2 147 483 647?");
}

inline double flops(const Problem& p) { return 4.0 * p.q_len * p.kv_len * p.head_dim; }

/// Matches arithmetic_intensity(algorithm, p), and knows the mistakes that people make.
inline Matches has_intensity(Algorithm algorithm, const Problem& p) {
  const auto bytes = static_cast<double>(count(algorithm, p).bytes());
  const double right = flops(p) / bytes;
  const std::int64_t wrapped_pairs = std::int64_t{p.q_len} * p.kv_len, wrapped_flops = 4 * wrapped_pairs * p.head_dim;
  return matches(right, {0, 1e-12, "double"})
      .but_not([=] { return right / 2; },
               "half of it: are there two products, and do a multiplication and an addition count 1 each?")
      .but_not([=] { return right / 4; },
               "a quarter: there are two products, and a multiplication and an addition count 1 each")
      .but_not([=] { return 4 * right; }, "this is FLOPs by float moved: a float has 4 bytes")
      .but_not([=] { return 1 / right; }, "this is bytes by FLOP: the quotient is turned around")
      .but_not([=] { return std::floor(right); },
               "the quotient was rounded down: it is of two integers, unless one of "
               "them is made a double first")
      .but_not([=] { return std::int32_t(wrapped_flops) / bytes; },
               "the FLOPs were computed in int, which ends at 2 147 483 647: begin the product with a double")
      .but_not([=] { return double(wrapped_flops) / bytes; },
               "the FLOPs were counted in std::int64_t, which ends at 9.2e18: begin the product with a double")
      .but_not([=] { return 4.0 * std::int32_t(wrapped_pairs) * p.head_dim / bytes; },
               "q_len kv_len was computed in int, which ends at 2 147 483 647: begin the product with a double")
      .but_not([=] { return flops(p) / std::int32_t(static_cast<std::int64_t>(bytes)); },
               "the bytes were computed in int, which ends at 2 147 483 647")
      .but_not([=] { return std::int32_t(wrapped_flops) / double(std::int32_t(static_cast<std::int64_t>(bytes))); },
               "FLOPs and bytes were computed in int, which ends at 2 147 483 647")
      .but_not([=] { return double(float(flops(p)) / float(bytes)); },
               "the quotient was computed in float, which has 24 bits: double has 53")
      .otherwise(
          "it is 4 q_len kv_len head_dim FLOPs by traffic_bytes of the same problem. Do the tests of traffic_bytes "
          "pass?");
}

}  // namespace workbook::fused_vs_flash
