#pragma once
/// What footprint should return, and what comes out when somebody has one idea wrong.

#include "common/checker/student.h"

namespace workbook::scaled_dot_product {

/// Calls footprint and checks each of its sizes. @returns what it gave
inline Footprint check_footprint(const AttentionShape& s) {
  const std::int64_t unit = std::int64_t{s.batch} * s.heads * s.bytes_per_element;
  const std::int64_t q = unit * s.q_len * s.head_dim, k = unit * s.kv_len * s.head_dim;
  const std::int64_t inputs = q + 2 * k, scores = unit * s.q_len * s.kv_len, total = inputs + 2 * scores + q;
  const auto in_int = [](std::int64_t value) { return std::int64_t{static_cast<std::int32_t>(value)}; };
  const Footprint got = student<footprint>(s);
  REQUIRE_THAT(got.inputs, is_count(inputs, "inputs")
                               .but_not_in_int("a product")
                               .but_not_in_int("a product", in_int(q) + 2 * in_int(k))
                               .but_not(3 * q, "keys and values are kv_len long, not q_len")
                               .but_not(3 * k, "the queries are q_len long, not kv_len")
                               .but_not(2 * q + 2 * k, "out is no input")
                               .but_not(static_cast<std::int64_t>(static_cast<float>(inputs)),
                                        "rounded as if it had been a float: products of std::int64_t are exact")
                               .but_not(inputs / s.heads, "every head has queries, keys and values of its own")
                               .but_not(inputs / s.bytes_per_element, "these are elements, not bytes"));
  REQUIRE_THAT(got.scores,
               is_count(scores, "scores")
                   .but_not_in_int("a product")
                   .but_not(static_cast<std::int64_t>(static_cast<float>(scores)),
                            "rounded as if it had been a float: products of std::int64_t are exact")
                   .but_not(static_cast<std::int64_t>(static_cast<double>(scores)),
                            "rounded as if it had been a double: products of std::int64_t are exact")
                   .but_not(scores / s.heads, "one matrix for each sequence: every head has scores of its own")
                   .but_not(scores / s.batch, "every sequence of the batch has scores of its own")
                   .but_not(scores / s.bytes_per_element, "these are elements, not bytes")
                   .but_not(scores / s.bytes_per_element * 4, "the scores have bytes_per_element bytes each, not 4")
                   .but_not(2 * scores, "that is two tensors of scores: the weights belong to the total")
                   .but_not(unit * s.q_len * s.q_len, "a row of scores has one entry for each key: q_len x kv_len")
                   .but_not(unit * s.kv_len * s.kv_len, "scores have one row for each query: q_len x kv_len")
                   .but_not(unit * s.q_len * s.kv_len * s.head_dim,
                            "a score is one number: the dot product sums over head_dim"));
  REQUIRE_THAT(
      got.total,
      is_count(total, "total")
          .but_not_in_int("a product")
          .but_not(inputs, "this is q, k and v alone: the estimate forgets the scores, and they are the largest by far")
          .but_not(inputs + q,
                   "this is q, k, v and out: the estimate forgets the scores, and they are the largest by far")
          .but_not(inputs + scores, "scores and weights are two tensors, and out is one more")
          .but_not(inputs + q + scores, "the softmax reads the scores and writes the weights: two tensors of that size")
          .but_not(inputs + 2 * scores, "out is missing"));
  return got;
}

}  // namespace workbook::scaled_dot_product
