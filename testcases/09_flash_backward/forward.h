#pragma once
/// What flash attention with dropout should return, and what it returns when somebody has one idea wrong.

#include "common/checker/attention/flash.h"
#include "common/checker/attention/log_sum_exp.h"
#include "common/oracle/rounding.h"
#include "step.h"

namespace workbook::flash_backward {

/// Matches the output. Without dropout it knows what flash attention is mistaken for, with dropout what that is.
inline Matches is_dropped_attention(const Step& step, const attention_tests::Tiles& tiles) {
  if (step.dropout.p == 0) return attention_tests::attends_in_tiles(step.in, tiles);
  const Tensor64 exact = output_of<double>(step);
  Matches result = matches(exact, oracle::lost_in_float(output_of<float>(step), exact));
  const auto with = changes_of(ForwardSlip(), [=](const ForwardSlip& slip) { return output_of<double>(step, slip); });
  std::move(result).but_not(
      with([](ForwardSlip& s) { s.dropped_before_sum = true; }),
      "weights were dropped before they were added to the row's sum: the sum is that of all "
      "weights, or those that are kept would make up for the others exactly, and lse would depend on "
      "chance");
  for (const DropIdea& idea : drop_ideas(step.dropout, tiles, step.n_rep()))
    std::move(result).but_not(with([=](ForwardSlip& s) { s.drop = idea.slip; }), idea.sentence);
  result = attention_tests::but_not_another_mask(
      std::move(result), step.mask, step.in.q_len(), step.in.kv_len(),
      [=](const oracle::Visible& visible) { return output_of<double>(step, {.visible = visible}); });
  return std::move(result)
      .but_if(has_nan, "there are NaNs. Is there 0 / 0 for a query that sees no key?")
      .otherwise("do the tests without dropout pass? With p = 0 every factor is 1");
}

/// Log-sum-exps of the weights that are left after dropout.
inline Tensor64 dropped_log_sum_exp(const Step& step) {
  Tensor64 result(step.outputs.lse.shape());
  for (std::int64_t b = 0; b < result.dim(0); ++b)
    for (std::int64_t h = 0; h < result.dim(1); ++h)
      for (std::int64_t i = 0; i < result.dim(2); ++i) {
        Tensor64 row({1, step.in.kv_len()}, scores_of<double>(step, step.formula().visible, b, h, i));
        for (std::int64_t j = 0; j < step.in.kv_len(); ++j)
          row.at(0, j) += std::log(factor_of(step.dropout, {b, h, i, j}));
        result.at(b, h, i) = oracle::log_sum_exp(row).at(0);
      }
  return result;
}

inline Forward call_forward(const Step& step, int q_tile, int kv_tile) {
  return student<flash_attention_dropout>(step.in.q, step.in.k, step.in.v, {step.mask, q_tile, kv_tile}, step.dropout);
}

/// Checks both results.
inline void check_forward(const Forward& got, const Step& step, const attention_tests::Tiles& tiles) {
  CHECK_THAT(got.output, is_dropped_attention(step, tiles));
  CHECK_THAT(got.lse,
             attention_tests::has_log_sum_exp(step.in, step.mask)
                 .but_not([=] { return dropped_log_sum_exp(step); },
                          "lse is that of the weights after dropout: the softmax, and its sum, are those of all "
                          "weights"));
}

}  // namespace workbook::flash_backward
