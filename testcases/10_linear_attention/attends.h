#pragma once
/// What linear attention should return, in whichever form, and what comes out when somebody has one idea wrong.

#include "definition.h"

namespace workbook::linear_attention {

/// The right formula with one argument changed: a function of the change.
inline auto changes(const Inputs& in, const Formula& right) {
  return changes_of(right, [in](const Formula& f) { return attention<double>(in, f); });
}

/// Whether nearly all elements are the wrong formula's. Where it divides by what is nearly 0, float and double differ.
inline auto mostly(std::function<Tensor64()> wrong) {
  return [wrong](const Tensor64& got) {
    const Tensor64 expected = wrong();
    if (got.shape() != expected.shape()) return false;
    std::int64_t close = 0;
    for (std::int64_t i = 0; i < got.size(); ++i)
      close += std::abs(got.values()[i] - expected.values()[i]) <= 1e-3 * (0.01 + std::abs(expected.values()[i]));
    return 10 * close > 9 * got.size();
  };
}

/// Matches the formula, and suspects nothing: for inputs so large that every suspicion would take long.
inline Matches is_attention(const Inputs& in, const Formula& right) {
  const Tensor64 expected = attention<double>(in, right);
  return matches(expected, oracle::lost_in_float(attention<float>(in, right), expected));
}

/// Matches linear attention of these inputs, and knows the mistakes that any form can have.
inline Matches attends(const Inputs& in, const Formula& right) {
  const auto with = changes(in, right);
  const Tensor64 expected = attention<double>(in, right);
  const double scale = 1 / std::sqrt(static_cast<double>(in.q.dim(3)));
  const auto other = right.map == FeatureMap::softmax ? FeatureMap::elu_plus_one : FeatureMap::softmax;
  return is_attention(in, right)
      .but_not(with([](Formula& f) { f.normalised = false; }),
               "the denominator is missing: a query's weights must add up to 1. It is phi(q) times the sum of all "
               "phi(k) that were added so far")
      .but_if(mostly(with([](Formula& f) { f.raw_q = true; })),
              "the queries went in as they are: they have features, too")
      .but_if(mostly(with([](Formula& f) { f.raw_k = true; })), "the keys went in as they are: they have features, too")
      .but_not(with([=](Formula& f) { f.scale = scale; }),
               "q and k were divided by sqrt(head_dim). That belongs to softmax, where it keeps exponents small. Here "
               "phi bends at 0, and another scale is another function")
      .but_not(with([=](Formula& f) { f.scale = std::sqrt(scale); }),
               "q and k were scaled by head_dim^(-1/4), so that their product is divided by sqrt(head_dim). That "
               "belongs to softmax; here they go into phi as they are")
      .but_not(with([other](Formula& f) { f.map = other; }), "these are the features of the other map")
      .but_not(with([](Formula& f) { f.heads_share_sums = true; }),
               "the first head is right, the others still remember the keys of the heads before: a state begins with "
               "zeros for every head of every sequence")
      .but_if(
          [expected](const Tensor64& got) {
            const auto nan = [](double x) { return std::isnan(x); };
            return std::ranges::any_of(got.values(), nan) && std::ranges::none_of(expected.values(), nan);
          },
          "NaN: 0 / 0, where a query's denominator is 0. With no keys, or before its own key is added, a query has "
          "nothing to divide");
}

/// Mistakes that every causal form can have.
inline Matches but_not_causal_slips(Matches matcher, const Inputs& in, const Formula& right) {
  const auto with = changes(in, right);
  return std::move(matcher)
      .but_not(with([](Formula& f) { f.values = all_keys; }),
               "every query sees every key, also later ones: query i reads the sums over the keys 0 to i")
      .but_not(with([](Formula& f) { f.normaliser = all_keys; }),
               "values are causal, the denominator is not: it is over all keys. The sum of features runs along with "
               "the state")
      .but_not(with([](Formula& f) { f.values = [](auto i, auto j) -> double { return j < i; }; }),
               "a query does not see the key at its own position: add the key to the state first, then read")
      .but_not(with([](Formula& f) { f.normaliser = [](auto i, auto j) -> double { return j < i; }; }),
               "the denominator lags one key behind: it must be of the same keys as the values")
      .but_not(with([](Formula& f) { f.values = [](auto i, auto j) -> double { return j <= i + 1; }; }),
               "a query sees the key after its own position: the state is one key ahead")
      .but_not(with([](Formula& f) { f.values = [](auto i, auto j) -> double { return i == j; }; }),
               "a query sees nothing but its own key: is each position's product added to the sum before it?");
}

/// Matches causal attention, in whichever form.
inline Matches attends_causally(const Inputs& in, FeatureMap map) {
  const Formula right{.map = map, .values = causal};
  return but_not_causal_slips(attends(in, right), in, right);
}

}  // namespace workbook::linear_attention
