#pragma once
/// FLOPs and bytes as the contract counts them, and as somebody with one idea wrong would.

#include "common/checker/student.h"
#include "flash_backward.h"

namespace workbook::flash_backward {

inline Cost expected_cost(Method method, const Problem& p) {
  const std::int64_t rows = std::int64_t{p.batch} * p.heads * p.q_len, product = 2 * rows * p.kv_len * p.head_dim;
  if (method == Method::unfused) return {2 * product, 4 * product, 4 * rows * p.kv_len};
  return {2 * product, 5 * product, 4 * rows * (p.head_dim + std::int64_t{1})};
}

/// Checks all three numbers.
inline void check_cost(const Cost& got, Method method, const Problem& p) {
  const Cost right = expected_cost(method, p);
  const std::int64_t product = right.forward_flops / 2, rows = std::int64_t{p.batch} * p.heads * p.q_len;
  CHECK_THAT(got.forward_flops,
             is_count(right.forward_flops, "forward_flops")
                 .but_not(product,
                          "this is half of it: there are two products, and each term is a multiplication and an "
                          "addition")
                 .but_not(product / 2,
                          "this is a quarter of it: there are two products, and each term is a multiplication "
                          "and an addition")
                 .but_not(right.forward_flops / p.heads, "this is one head")
                 .but_not_in_int());
  CHECK_THAT(
      got.backward_flops,
      is_count(right.backward_flops, "backward_flops")
          .but_not(right.backward_flops / 2, "this is half of it: each term is a multiplication and an addition")
          .but_not(method == Method::flash ? 4 * product : right.backward_flops,
                   "these are four products: flash attention computes the scores again, which is the fifth")
          .but_not(method == Method::unfused ? 5 * product : right.backward_flops,
                   "these are five products: with stored weights no score is computed again, so four are left")
          .but_not(3 * product,
                   "three products are counted: dv, dq, dk and also dp are products, and flash computes "
                   "the scores again")
          .but_not(method == Method::flash ? 6 * product : right.backward_flops,
                   "both products of the forward pass are counted again: only the scores are computed again, the "
                   "output is stored")
          .but_not(right.backward_flops / p.heads, "this is one head")
          .but_not_in_int());
  CHECK_THAT(
      got.kept_bytes,
      is_count(right.kept_bytes, "kept_bytes")
          .but_not(right.kept_bytes / 4, "this counts floats: each has 4 bytes")
          .but_not(method == Method::flash ? 4 * rows * p.head_dim : right.kept_bytes,
                   "the log-sum-exps are missing: one for each query")
          .but_not(method == Method::flash ? 4 * rows : right.kept_bytes,
                   "the output is missing: D is d_output times output")
          .but_not(method == Method::flash ? 4 * rows * p.kv_len : right.kept_bytes,
                   "flash keeps no weights: it keeps the output, and one log-sum-exp for each query")
          .but_not(method == Method::unfused ? 4 * rows * (p.kv_len + std::int64_t{p.head_dim}) : right.kept_bytes,
                   "the output was counted, too: with p stored, D is the sum of p dp, and nobody asks for the output")
          .but_not(method == Method::unfused ? 8 * rows * p.kv_len : right.kept_bytes,
                   "two matrices are counted: the weights are enough, scores are not needed")
          .but_not(right.kept_bytes / p.heads, "this is one head")
          .but_not_in_int("head_dim + 1",
                          4 * rows * std::int64_t{static_cast<std::int32_t>(std::int64_t{p.head_dim} + 1)})
          .but_not_in_int());
}

}  // namespace workbook::flash_backward
