#pragma once
/// What linear attention should return, in whichever form, and what comes out when somebody has one idea wrong.

#include <fmt/format.h>

#include "definition.h"

namespace workbook::linear_attention {

/// The right formula with one argument changed: a function of the change.
inline auto changes(const Inputs& in, const Formula& right) {
  return changes_of(
      right, [shared = std::make_shared<const Inputs>(in)](const Formula& f) { return attention<double>(*shared, f); });
}

/// Whether nearly all elements are the wrong formula's. Where it divides by what is nearly 0, float and double differ.
/// Never where the right formula gives the same, as for a single key.
inline auto mostly(std::function<Tensor64()> wrong, std::function<Tensor64()> right) {
  return [=](const Tensor64& got) {
    const auto share = [](const Tensor64& a, const Tensor64& b) {
      std::int64_t close = 0;
      for (std::int64_t i = 0; i < a.size(); ++i)
        close += std::abs(a.values()[i] - b.values()[i]) <= 1e-3 * (0.01 + std::abs(b.values()[i]));
      return static_cast<double>(close) / static_cast<double>(std::max<std::int64_t>(a.size(), 1));
    };
    const Tensor64 expected = wrong();
    return got.shape() == expected.shape() && share(got, expected) > 0.9 && share(right(), expected) < 0.5;
  };
}

/// Every head with the numbers of head 0 of its sequence.
inline Tensor first_head_only(Tensor x) {
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 1; h < x.dim(1); ++h)
      for (std::int64_t i = 0; i < x.dim(2); ++i) std::ranges::copy(x.row(b, 0, i), x.row(b, h, i).begin());
  return x;
}

/// Matches the formula, and suspects nothing: for inputs so large that every suspicion would take long.
inline Matches is_attention(const Inputs& in, const Formula& right) {
  const Tensor64 expected = attention<double>(in, right);
  return matches(expected, oracle::lost_in_float(attention<float>(in, right), expected));
}

/// What is wrong with features and denominators, in every head alike.
inline Matches but_not_wrong_alike(Matches result, const Inputs& in, const Formula& right) {
  const auto with = changes(in, right);
  const auto as_it_is = with([](Formula&) {});
  const double scale = 1 / std::sqrt(static_cast<double>(in.q.dim(3)));
  const auto other = right.map == FeatureMap::softmax ? FeatureMap::elu_plus_one : FeatureMap::softmax;
  std::move(result)
      .but_not(with([](Formula& f) { f.normalised = false; }),
               "the denominator is missing: a query's weights must add up to 1. It is phi(q) times the sum of all "
               "phi(k) that were added so far")
      .but_if(mostly(with([](Formula& f) { f.raw_q = true; }), as_it_is),
              "nearly all numbers are those of queries that went in as they are. Do they have features?")
      .but_if(mostly(with([](Formula& f) { f.raw_k = true; }), as_it_is),
              "nearly all numbers are those of keys that went in as they are. Do they have features?")
      .but_not(with([=](Formula& f) { f.scale = scale; }),
               "q and k were divided by sqrt(head_dim). That belongs to softmax, where it keeps exponents small. Here "
               "phi bends at 0, and another scale is another function")
      .but_not(with([=](Formula& f) { f.scale = std::sqrt(scale); }),
               "q and k were scaled by head_dim^(-1/4), so that their product is divided by sqrt(head_dim). That "
               "belongs to softmax; here they go into phi as they are")
      .but_not(with([other](Formula& f) { f.map = other; }), "these are the features of the other map")
      .but_not(with([](Formula& f) { f.divided_twice = true; }), "the result was divided by its denominator twice")
      .but_not(with([](Formula& f) { f.divided_by_keys = true; }),
               "the result was divided by the number of keys: the denominator is the sum of the query's weights");
  for (const double added : {1e-3, 1e-4, 1e-5, 1e-6, 1e-7})
    std::move(result).but_not(with([=](Formula& f) { f.added = added; }),
                              fmt::format("about {:.0e} was added to the denominator, which may be as small: nothing "
                                          "is added, and a denominator of 0 gives zeros",
                                          added));
  return result;
}

/// Where sums are not cleared, by what was cleared instead.
inline Matches but_not_cleared_late(Matches matcher, const Inputs& in, const Formula& right) {
  const auto with = changes(in, right);
  const std::int64_t heads = in.q.dim(1);
  const Counts none = [](auto, auto) -> double { return 0; };
  const Counts first = [](auto, auto j) -> double { return j == 0; };
  struct Time {
    Oldest oldest;
    std::string sentence;
  };
  const std::vector<Time> times{
      {[](auto) { return std::int64_t{0}; },
       "the first head is right, the others still remember the keys of the heads before"},
      {[=](auto head) { return head / heads * heads; },
       "the first head of each sequence is right, its other heads still remember the keys of the heads before"},
      {[=](auto head) { return std::min(head, heads - 1); },
       "the first sequence is right, the later ones still remember its last head's keys, and those of heads since "
       "then"}};
  for (const auto& [oldest, sentence] : times) {
    const auto forgets = [&](const Counts& values, const Counts& normaliser) {
      return with([=, oldest = oldest](Formula& f) {
        f.oldest = oldest;
        f.old_values = values;
        f.old_normaliser = normaliser;
      });
    };
    std::move(matcher)
        .but_not(forgets(all_keys, all_keys), sentence + ": a state begins with zeros for every head of every sequence")
        .but_not(forgets(all_keys, none),
                 sentence + ", in the sums of values only: these begin with zeros for every head, too")
        .but_not(forgets(none, all_keys),
                 sentence + ", in the denominator only: the sum of features begins with zeros for every head")
        .but_not(forgets(first, first),
                 sentence +
                     ", but of these only the first key: the state after position 0 is a head's first "
                     "product alone. Do not add it to what the head before has left there");
  }
  return matcher;
}

/// Rows that come from another batch or head.
inline Matches but_not_of_the_first(Matches matcher, const Inputs& in, const Formula& right) {
  struct Part {
    Tensor Inputs::*part;
    std::string name;
  };
  for (const auto& [part, name] : {Part{&Inputs::q, "queries"}, Part{&Inputs::k, "keys"}, Part{&Inputs::v, "values"}}) {
    Inputs batch = in, head = in;
    batch.*part = attention_tests::first_batch_only(in.*part);
    head.*part = first_head_only(in.*part);
    std::move(matcher)
        .but_not([=] { return attention<double>(batch, right); },
                 "all sequences have the " + name + " of the first: each has its own")
        .but_not([=] { return attention<double>(head, right); },
                 "all heads have the " + name + " of head 0: each has its own");
  }
  return matcher;
}

/// Matches linear attention of these inputs, and knows the mistakes that any form can have.
inline Matches attends(const Inputs& in, const Formula& right) {
  return is_attention(in, right)
      .knowing([=](Matches matcher) {
        matcher = but_not_cleared_late(but_not_wrong_alike(std::move(matcher), in, right), in, right);
        return but_not_of_the_first(std::move(matcher), in, right);
      })
      .but_if(has_nan, "there are NaNs. Is a denominator 0 and divided by, or does an exponential overflow?");
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
