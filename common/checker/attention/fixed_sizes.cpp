#include "common/checker/attention/fixed_sizes.h"

#include <fmt/format.h>

namespace workbook::attention_tests {

namespace {

/// The right result, but queries that see no key have the value of key 0.
Tensor64 with_first_values_in_blind_rows(const Inputs& in) {
  Tensor64 result = oracle::attention(in.q, in.k, in.v, formula(in, Mask::causal));
  for (std::int64_t b = 0; b < result.dim(0); ++b)
    for (std::int64_t h = 0; h < result.dim(1); ++h)
      for (std::int64_t i = 0; i < in.q_len() - in.kv_len(); ++i)
        for (std::int64_t d = 0; d < result.dim(3); ++d)
          result.at(b, h, i, d) = double{in.v.at(b, h * in.v.dim(1) / in.q.dim(1), 0, d)};
  return result;
}

}  // namespace

Matches but_not_a_fixed_size(Matches matcher, const Inputs& in, Mask mask) {
  const std::int64_t head_dim = in.q.dim(3);
  const oracle::Attention right = formula(in, mask);
  if (mask == Mask::none)
    std::move(matcher).but_not([=] { return oracle::attention(in.q, in.k, in.v, formula(in, Mask::causal)); },
                               "there is a causal mask, whatever `mask` says: it was Mask::none");
  else
    std::move(matcher).but_not([=] { return with_first_values_in_blind_rows(in); },
                               "a query that sees no key returns the value of key 0: it is to return zeros");
  for (const std::int64_t n : {(head_dim + 3) / 4 * 4, std::int64_t{32}, std::int64_t{64}, std::int64_t{96},
                               std::int64_t{128}, std::int64_t{192}, std::int64_t{256}})
    if (n != head_dim)
      std::move(matcher).but_not(
          [=] {
            oracle::Attention other = right;
            other.scale = 1 / std::sqrt(static_cast<double>(n));
            return oracle::attention(in.q, in.k, in.v, other);
          },
          fmt::format("the scores are scaled as if head_dim were {}: it is {}", n, head_dim));
  for (std::int64_t n = head_dim - 1; n >= 32; --n)
    if (n % 32 == 0)
      std::move(matcher).but_not(
          [=] {
            Tensor cut = in.q;
            for (std::int64_t i = 0; i < cut.size(); ++i)
              if (i % head_dim >= n) cut.values()[i] = 0;
            return oracle::attention(cut, in.k, in.v, right);
          },
          fmt::format("a score sums over the first {} of {} channels only", n, head_dim));
  return matcher;
}

}  // namespace workbook::attention_tests
