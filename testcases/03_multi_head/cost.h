#pragma once
/// What layer_cost should return, and what comes out when somebody has one idea wrong.

#include "common/checker/student.h"

namespace workbook::multi_head {

/// The extents by which costs are products.
inline constexpr int LayerShape::*kExtents[] = {&LayerShape::batch,   &LayerShape::q_len, &LayerShape::kv_len,
                                                &LayerShape::d_model, &LayerShape::heads, &LayerShape::head_dim};

/// What remains of a count in double, which has 53 bits.
inline std::int64_t in_double(std::int64_t count) { return static_cast<std::int64_t>(static_cast<double>(count)); }
inline const std::string kInDouble = "a product was computed in double, which has 53 bits: std::int64_t has 63";

/// Calls layer_cost and checks each of its counts. @returns what it gave
inline LayerCost check_cost(const LayerShape& s) {
  const std::int64_t width = std::int64_t{s.heads} * s.head_dim, matrix = s.d_model * width;
  const std::int64_t queries = std::int64_t{s.batch} * s.q_len, keys = std::int64_t{s.batch} * s.kv_len;
  const std::int64_t pairs = queries * s.kv_len;
  const std::string two = "a multiplication and the addition that follows it are 2 FLOPs";
  const LayerCost got = student<layer_cost>(s);
  CHECK_THAT(
      got.parameters,
      is_count(4 * matrix, "parameters")
          .but_not_in_int("a product")
          .but_not(in_double(4 * matrix), kInDouble)
          .but_not(3 * matrix, "w_o is a projection, too")
          .but_not(4 * std::int64_t{s.d_model} * s.d_model, "the matrices are d_model x width, not d_model x d_model")
          .but_not(4 * matrix * s.heads, "the heads share each matrix: a head has head_dim of its columns")
          .but_not(4 * std::int64_t{s.d_model} * s.head_dim, "every head has head_dim columns of each matrix"));
  const std::int64_t projections = 4 * (queries + keys) * matrix, lengths = std::int64_t{s.q_len} + s.kv_len;
  const auto in_int = [](std::int64_t value) { return std::int64_t{static_cast<std::int32_t>(value)}; };
  CHECK_THAT(got.projection_flops,
             is_count(projections, "projection_flops")
                 .but_not_in_int("the sum of q_len and kv_len", 4 * s.batch * in_int(lengths) * matrix)
                 .but_not_in_int("twice the sum of q_len and kv_len", 2 * s.batch * in_int(2 * lengths) * matrix)
                 .but_not_in_int("four times the sum of q_len and kv_len", s.batch * in_int(4 * lengths) * matrix)
                 .but_not_in_int("a product")
                 .but_not(in_double(projections), kInDouble)
                 .but_not(projections / 2, two)
                 .but_not(8 * queries * matrix, "keys and values have kv_len rows, not q_len")
                 .but_not(8 * keys * matrix, "queries and results have q_len rows, not kv_len")
                 .but_not(2 * (queries + 2 * keys) * matrix, "w_o is missing, and it is applied to every query")
                 .but_not(projections * s.heads, "a projection is made once for all heads together")
                 .but_not(projections / s.batch, "every sequence of the batch is projected"));
  const std::int64_t attention = 4 * pairs * width;
  CHECK_THAT(got.attention_flops,
             is_count(attention, "attention_flops")
                 .but_not_in_int("a product")
                 .but_not(in_double(attention), kInDouble)
                 .but_not(attention / 2, two + "; and there are scores and weighted sums")
                 .but_not(4 * pairs * s.head_dim, "every head computes scores and weighted sums of its own")
                 .but_not(attention * s.heads,
                          "a head sums over head_dim channels, and heads * head_dim is the width: count the "
                          "heads once")
                 .but_not(4 * pairs * s.d_model, "heads * head_dim channels take part, not d_model")
                 .but_not(attention / s.batch, "every sequence of the batch attends"));
  CHECK_THAT(got.scores,
             is_count(pairs * s.heads, "scores")
                 .but_not_in_int("a product")
                 .but_not(in_double(pairs * s.heads), kInDouble)
                 .but_not(pairs, "every head has scores of its own")
                 .but_not(pairs * width, "a score is one number: the dot product sums over head_dim")
                 .but_not(queries * s.q_len * s.heads, "a query has a score for every key: q_len x kv_len"));
  return got;
}

}  // namespace workbook::multi_head
