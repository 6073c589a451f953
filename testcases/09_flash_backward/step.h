#pragma once
/// One step of training: the inputs of attention, what the forward pass made of them, and what comes back.

#include "common/checker/attention/inputs.h"
#include "common/oracle/attention_backward.h"
#include "common/oracle/attention_scores.h"
#include "common/oracle/softmax.h"
#include "dropout.h"

namespace workbook::flash_backward {

using attention_tests::Sizes;

struct Step {
  attention_tests::Inputs in;
  Mask mask = Mask::none;
  Dropout dropout = {};
  Outputs outputs;  ///< of the forward pass, computed in double and rounded to float
  Tensor p;         ///< its weights, before dropout
  std::int64_t n_rep() const { return in.q.dim(1) / in.k.dim(1); }
  oracle::AttentionBackward formula() const {
    oracle::AttentionBackward right{.visible = oracle::visible(mask, in.q_len(), in.kv_len()), .factor = {}};
    if (dropout.p > 0)
      right.factor = [dropout = dropout](std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t j) {
        return factor_of(dropout, {b, h, i, j});
      };
    return right;
  }
};

/// A forward pass with one idea wrong.
struct ForwardSlip {
  DropSlip drop = {};
  bool dropped_before_sum = false;              ///< the sum is that of the kept weights
  std::optional<oracle::Visible> visible = {};  ///< in the place of the mask's
};

/// One row of scores, -inf where the key is hidden.
template <class T>
std::vector<T> scores_of(const Step& step, const oracle::Visible& visible, std::int64_t b, std::int64_t h,
                         std::int64_t i) {
  const auto q = step.in.q.row(b, h, i);
  std::vector<T> scores;
  for (std::int64_t j = 0; j < step.in.kv_len(); ++j) {
    scores.push_back(-std::numeric_limits<T>::infinity());
    if (visible && !visible(i, j)) continue;
    const auto k = step.in.k.row(b, h / step.n_rep(), j);
    T sum = 0;
    for (std::size_t c = 0; c < q.size(); ++c) sum += static_cast<T>(q[c]) * static_cast<T>(k[c]);
    scores.back() = sum / std::sqrt(static_cast<T>(q.size()));
  }
  return scores;
}

/// The output of the forward pass; rows that see no key are 0.
template <class T>
TensorOf<T> output_of(const Step& step, const ForwardSlip& slip = {}) {
  TensorOf<T> out(step.in.q.shape());
  const oracle::Visible visible = slip.visible.value_or(step.formula().visible);
  for (std::int64_t b = 0; b < out.dim(0); ++b)
    for (std::int64_t h = 0; h < out.dim(1); ++h)
      for (std::int64_t i = 0; i < out.dim(2); ++i) {
        const std::vector<T> scores = scores_of<T>(step, visible, b, h, i);
        const T max = scores.empty() ? -std::numeric_limits<T>::infinity() : std::ranges::max(scores);
        if (std::isinf(max)) continue;
        T sum = 0;
        for (std::size_t j = 0; j < scores.size(); ++j) {
          const auto column = static_cast<std::int64_t>(j);
          const T weight = std::exp(scores[j] - max);
          if (weight == 0) continue;
          const T kept = weight * static_cast<T>(factor_of(step.dropout, {b, h, i, column}, slip.drop));
          sum += slip.dropped_before_sum ? kept : weight;
          const auto v = step.in.v.row(b, h / step.n_rep(), column);
          const auto row = out.row(b, h, i);
          for (std::size_t c = 0; c < v.size(); ++c) row[c] += kept * static_cast<T>(v[c]);
        }
        for (T& x : out.row(b, h, i)) x /= sum == 0 ? 1 : sum;
      }
  return out;
}

inline Step step_of(attention_tests::Inputs in, Mask mask, const Dropout& dropout = {}) {
  Step step{.in = std::move(in), .mask = mask, .dropout = dropout, .outputs = {}, .p = {}};
  const Tensor64 scores = oracle::attention_scores(step.in.q, step.in.k, step.formula().visible);
  step.p = to_float(oracle::softmax(scores));
  step.outputs = {to_float(output_of<double>(step)), to_float(oracle::log_sum_exp(scores)),
                  random_normal(step.in.q.shape())};
  return step;
}

inline Step random_step(const Sizes& sizes, Mask mask = Mask::none, const Dropout& dropout = {}, float stddev = 1) {
  return step_of(attention_tests::random_inputs(sizes, stddev), mask, dropout);
}

}  // namespace workbook::flash_backward
