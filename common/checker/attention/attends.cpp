#include "common/checker/attention/attends.h"

#include <fmt/format.h>

namespace workbook::attention_tests {

WithSlip slips_of_attention(const Inputs& in, const oracle::Attention& right) {
  return [in, right](const RowSlip& slip) {
    return row_walk(to_double(in.q), to_double(in.k), to_double(in.v), right, slip);
  };
}

Matches but_not_another_head(Matches matcher, const Inputs& in, const oracle::Attention& right) {
  const oracle::HeadMap interleaved = [kv_heads = in.k.dim(1)](std::int64_t h) { return h % kv_heads; };
  const oracle::HeadMap first = [](std::int64_t) { return std::int64_t{0}; };
  const auto with = changes_of_attention(in, right);
  for (const std::int64_t most : {4, 8, 16, 32, 64})
    for (const bool again : {false, true})
      if (const std::int64_t kv_heads = in.k.dim(1); most * kv_heads < in.q.dim(1))
        std::move(matcher).but_not(
            with([=](auto& a) {
              a.key_head = a.value_head = [=](std::int64_t h) {
                return again ? h / most % kv_heads : std::min(h / most, kv_heads - 1);
              };
            }),
            fmt::format("at most {} query heads share a KV head: n_rep may be any number", most));
  return std::move(matcher)
      .but_not(with([=](auto& a) { a.key_head = a.value_head = interleaved; }),
               "query head h reads KV head h % kv_heads, so heads 0, kv_heads, 2 kv_heads, ... share. It is the "
               "neighbours that share: h / n_rep, where n_rep is heads / kv_heads")
      .but_not(with([=](auto& a) { a.key_head = interleaved; }),
               "the values are of the right head, the keys of head h % kv_heads: both are head h / n_rep")
      .but_not(with([=](auto& a) { a.value_head = interleaved; }),
               "the keys are of the right head, the values of head h % kv_heads: both are head h / n_rep")
      .but_not(with([=](auto& a) { a.key_head = a.value_head = first; }),
               "every query head reads KV head 0: that is right for one KV head only")
      .but_not(with([=, last = in.k.dim(1) - 1](auto& a) {
                 a.key_head = a.value_head = [last](std::int64_t h) { return std::min(h, last); };
               }),
               "query head h reads KV head h, and the last KV head if there is none: it is h / n_rep")
      .but_not(with([=, kv_heads = in.k.dim(1)](auto& a) {
                 a.key_head =
                     a.value_head = [kv_heads](std::int64_t h) { return std::min(h / kv_heads, kv_heads - 1); };
               }),
               "query head h reads KV head h / kv_heads: divide by n_rep, which is heads / kv_heads")
      .but_not(with([=, heads = in.q.dim(1), n_rep = in.q.dim(1) / std::max<std::int64_t>(1, in.k.dim(1))](auto& a) {
                 a.key_head = a.value_head = [=](std::int64_t h) { return (heads - 1 - h) / n_rep; };
               }),
               "the KV heads are in reverse order: query head h reads KV head h / n_rep")
      .but_not([=] { return oracle::attention(in.q, first_batch_only(in.k), first_batch_only(in.v), right); },
               "every batch reads the keys and values of batch 0")
      .but_not([=] { return oracle::attention(in.q, first_batch_only(in.k), in.v, right); },
               "every batch reads the keys of batch 0")
      .but_not([=] { return oracle::attention(in.q, in.k, first_batch_only(in.v), right); },
               "every batch reads the values of batch 0")
      .but_not([=] { return oracle::attention(first_batch_only(in.q), in.k, in.v, right); },
               "every batch reads the queries of batch 0")
      .but_not([=] { return first_batch_only(oracle::attention(in.q, in.k, in.v, right)); },
               "every batch has the result of batch 0");
}

Matches but_not_another_formula(Matches matcher, const Inputs& in, const oracle::Attention& right) {
  const auto with = changes_of_attention(in, right);
  const auto masked = [=](const oracle::Visible& visible) { return with([&](auto& a) { a.visible = visible; })(); };
  const auto scaled = [=](double scale) { return with([=](auto& a) { a.scale = scale; })(); };
  const Mask mask = right.visible ? Mask::causal : Mask::none;
  matcher = but_not_another_mask(std::move(matcher), mask, in.q_len(), in.kv_len(), masked)
                .but_not(with([](auto& a) { a.mask_after_softmax = true; }),
                         "the mask comes after the softmax: hidden keys have lost their values but still count in the "
                         "sum, so the weights of a row do not add up to 1");
  const double usual = 1 / std::sqrt(static_cast<double>(in.q.dim(3)));
  const bool affordable = in.q.size() * in.kv_len() <= kAffordable;
  const WithSlip slips = slips_of_attention(in, right);
  matcher = but_not_another_scale(std::move(matcher), right.scale, in.q.dim(3), in.q.dim(1), scaled);
  matcher = but_not_another_row(but_not_another_head(std::move(matcher), in, right), slips);
  matcher = but_not_another_base(std::move(matcher), right.scale.value_or(usual), in.q.dim(3), in.q_len(), in.kv_len(),
                                 scaled);
  matcher = but_not_another_walk(std::move(matcher), slips);
  if (affordable)
    matcher =
        but_not_cut_off(but_not_a_sentinel(std::move(matcher), slips), in.q_len(), in.kv_len(), in.q.dim(3), slips);
  const bool has_none = std::ranges::none_of(in.k.values(), [](float x) { return std::isnan(x); });
  return has_none ? but_not_nan(std::move(matcher)) : matcher;
}

Matches matches_attention(const Inputs& in, const oracle::Attention& right) {
  const Tensor64 exact = oracle::attention(in.q, in.k, in.v, right);
  Tolerance tolerance = oracle::attention_rounding(in.q, in.k, in.v, right, exact);
  if (in.narrow > 0) {
    // Each weight, and then the result, is rounded once: sum of p |v| times the roundoff, for the largest such sum.
    Tensor sizes = in.v;
    for (float& x : sizes.values()) x = std::abs(x);
    const Tensor64 sums = oracle::attention(in.q, in.k, sizes, right);
    tolerance = {tolerance.absolute + 1.5 * in.narrow * std::ranges::max(sums.values()), in.narrow,
                 "weights and result are rounded to 16 bits"};
  }
  return matches(exact, tolerance);
}

Matches are_values(const Tensor64& values) {
  const auto smaller = [values](const Tensor64& got) {
    for (std::int64_t i = 0; i < values.size(); ++i) {
      const double share = got.values()[i] / values.values()[i];
      if (!(share <= 1 && share > 0.999)) return false;
    }
    return true;
  };
  return matches(values, exact())
      .but_if(smaller,
              "all elements are a little too small, or right. Was something added to the sum of the weights? The "
              "weight of a single key is exp(0) / exp(0): 1, to the last bit");
}

Tensor64 first_values(const Inputs& in) {
  Tensor64 values({in.q.dim(0), in.q.dim(1), 1, in.v.dim(3)});
  for (std::int64_t b = 0; b < in.q.dim(0); ++b)
    for (std::int64_t h = 0; h < in.q.dim(1); ++h)
      std::ranges::copy(in.v.row(b, h * in.k.dim(1) / in.q.dim(1), 0), values.row(b, h, 0).begin());
  return values;
}

Tensor first_rows(const Tensor& got) {
  if (got.shape().rank() != 4 || got.dim(2) < 1) return got;
  Tensor rows({got.dim(0), got.dim(1), 1, got.dim(3)});
  for (std::int64_t b = 0; b < got.dim(0); ++b)
    for (std::int64_t h = 0; h < got.dim(1); ++h) std::ranges::copy(got.row(b, h, 0), rows.row(b, h, 0).begin());
  return rows;
}

Matches attends_after(const Inputs& earlier, const Inputs& in, const oracle::Attention& right) {
  return but_not_of_an_earlier_call(matches_attention(in, right), in, earlier, [right](const Inputs& mixed) {
    return oracle::attention(mixed.q, mixed.k, mixed.v, right);
  });
}

Matches attends(const Inputs& in, const oracle::Attention& right) {
  return matches_attention(in, right).knowing(
      [in, right](Matches matcher) { return but_not_another_formula(std::move(matcher), in, right); });
}

}  // namespace workbook::attention_tests
