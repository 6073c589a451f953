#pragma once
/// What both forms of attention should return, and what comes out when somebody has one idea wrong.

#include <fmt/format.h>

#include "common/checker/attention/suspicions.h"
#include "definition.h"

namespace workbook::latent_attention {

/// Matches the attention of these inputs, and knows the mistakes that people make.
inline Matches attends(const Inputs& in) {
  const auto shared = std::make_shared<const Inputs>(in);
  const auto with = changes_of(Formula(), [shared](const Formula& f) { return attention<double>(*shared, f); });
  const auto scaled = [with](double scale) {
    return with([scale](Formula& f) { f.key_scale = f.rope_scale = 1 / std::sqrt(scale); });
  };
  const std::int64_t q_len = in.q.dim(2), kv_len = in.cache.latent.dim(1);
  const auto d = static_cast<double>(in.head_dim()), r = static_cast<double>(in.rope_dim());
  const auto kv_rank = static_cast<double>(in.w_uk.dim(0));
  const Tensor64 expected = attention<double>(in);
  Matches result =
      matches(expected, oracle::lost_in_float(attention<float>(in), expected))
          .but_not(with([](Formula& f) { f.rope_scale = 0; }),
                   "the rope key is missing from the scores: q's last rope_dim channels times it, added before the "
                   "softmax")
          .but_not(with([](Formula& f) { f.rope_scale = 1; }),
                   "only the part from the latents is scaled: both parts make one score, and are scaled alike")
          .but_not(scaled(d),
                   "the scores are divided by sqrt(head_dim): a score is a dot product of head_dim + rope_dim "
                   "channels")
          .but_not(scaled(kv_rank + r),
                   "the scores are divided by sqrt(kv_rank + rope_dim). The query has become as wide as a latent, but "
                   "the score is the same number as before: its scale is that of head_dim + rope_dim channels")
          .but_not(scaled(kv_rank),
                   "the scores are divided by sqrt(kv_rank): absorbing w_uk changes no score, so the "
                   "scale stays that of head_dim + rope_dim channels")
          .but_not(scaled(1), "the scores are not scaled: 1 / sqrt(head_dim + rope_dim)")
          .but_not(with([](Formula& f) { f.mask_after_softmax = true; }),
                   "hidden keys have lost their values but still count in the sum: mask before the softmax")
          .but_not(with([](Formula& f) { f.rope_channels_first = true; }),
                   "q was cut the wrong way: its head_dim channels come first, the rotated ones last")
          .but_not(with([](Formula& f) { f.keys_of_head_0 = f.values_of_head_0 = true; }),
                   "all heads use head 0's columns of w_uk and w_uv: head h has its own, from h * head_dim and from "
                   "h * value_dim on")
          .but_not(with([](Formula& f) { f.keys_of_head_0 = true; }),
                   "all heads use head 0's columns of w_uk: head h has its own, from h * head_dim on")
          .but_not(with([](Formula& f) { f.values_of_head_0 = true; }),
                   "all heads use head 0's columns of w_uv: head h has its own, from h * value_dim on")
          .but_not(with([](Formula& f) { f.keys_in_turn = f.values_in_turn = true; }),
                   "the heads' columns of w_uk and w_uv were taken in turn: head h is one block of columns")
          .but_not(with([](Formula& f) { f.keys_in_turn = true; }),
                   "the heads' columns of w_uk were taken in turn: head h is one block, from h * head_dim on")
          .but_not(with([](Formula& f) { f.values_in_turn = true; }),
                   "the heads' columns of w_uv were taken in turn: head h is one block, from h * value_dim on")
          .but_not(with([](Formula& f) { f.latents_of_sequence_0 = f.rope_keys_of_sequence_0 = true; }),
                   "all sequences read the latents of the first, and its rope keys: each has its own")
          .but_not(with([](Formula& f) { f.latents_of_sequence_0 = true; }),
                   "all sequences read the latents of the first: each has its own")
          .but_not(with([](Formula& f) { f.rope_keys_of_sequence_0 = true; }),
                   "all sequences read the rope keys of the first: each has its own")
          .but_not(scaled((d + r) * (d + r)),
                   "the scores are divided by head_dim + rope_dim, or twice by its square root: once by the square "
                   "root is right")
          .but_not(with([=](Formula& f) {
                     f.key_scale = 1 / std::sqrt(d);
                     f.rope_scale = 1 / std::sqrt(r);
                   }),
                   "each part of a score has a scale of its own, 1 / sqrt(head_dim) and 1 / sqrt(rope_dim): together "
                   "they are one dot product of head_dim + rope_dim channels, with one scale")
          .but_not(scaled((d + r) * static_cast<double>(in.heads())),
                   "the scores are scaled for the channels of all heads together: each score is of one head")
          .but_not(scaled(static_cast<double>(in.value_dim()) + r),
                   "the scores are divided by sqrt(value_dim + rope_dim): they are dot products of head_dim + rope_dim "
                   "channels")
          .but_not(with([](Formula& f) { f.base = 2; }),
                   "the weights are powers of 2: they are powers of e, or the scores need a factor of log2(e)")
          .but_not(with([](Formula& f) { f.divided = false; }), "the weights of a query were not divided by their sum");
  for (const double hidden : {0., -1e4, -1e9, -1e10, -1e30})
    std::move(result).but_not(with([=](Formula& f) { f.hidden = hidden; }),
                              "hidden keys were given a finite score, and count: scores of keys that are seen may be "
                              "smaller, and a query that sees no key must give zeros. Leave hidden keys out");
  for (const double start : {-1e4, -1e5, -1e9, -1e10, -1e20, -1e30})
    for (const bool zeros : {true, false})
      std::move(result).but_not(
          with([=](Formula& f) {
            f.start = start;
            f.start_if_hidden = true;
            f.zeros_if_lost = zeros;
          }),
          "hidden keys were given a finite score, and it is the largest of the row where those that "
          "are seen are far smaller: their exponentials are then all 0. Leave hidden keys out");
  for (const double start : {0., -1e4, -1e9, -1e10, -1e30})
    for (const bool zeros : {false, true})
      std::move(result).but_not(
          with([=](Formula& f) { f.start = start, f.zeros_if_lost = zeros; }),
          "the search for the largest score of a row begins at a number that is larger than all of "
          "its scores: begin with the row's first score, or with -infinity");
  std::move(result).but_not([=] { return to_double(attention<float>(*shared, {.largest_of_all = true})); },
                            "the largest score of a row was looked for among all keys, also hidden ones. If one of "
                            "these is far larger than what the query sees, all of its exponentials are 0");
  std::move(result).but_not([=] { return to_double(attention<float>(*shared, {.shifted = false})); },
                            "exp() was taken of scores as they are. Take the largest score of a row off before: large "
                            "ones overflow, and of very negative ones only zeros remain");
  const auto masked = [shared](const Visible& visible) {
    return attention<double>(*shared, {.visible = visible ? visible : [](auto, auto) { return true; }});
  };
  result = attention_tests::but_not_another_mask(std::move(result), Mask::causal, q_len, kv_len, masked)
               .but_if(has_nan,
                       "there are NaNs. Was the largest score of a row taken off before exp(), and does a query that "
                       "sees no key give zeros?");
  if (in.head_dim() == in.value_dim())
    std::move(result).but_not(with([](Formula& f) { f.keys_from_w_uv = true; }),
                              "the keys were made with w_uv: that one makes values");
  return result;
}

}  // namespace workbook::latent_attention
