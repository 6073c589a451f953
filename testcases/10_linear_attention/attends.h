#pragma once
/// What linear attention should return, in whichever form, and what comes out when somebody has one idea wrong.

#include "definition.h"

namespace workbook::linear_attention {

/// The right formula with one argument changed.
inline auto changed(const Inputs& in, const Formula& right, std::function<void(Formula&)> change) {
  return [in, right, change] {
    Formula wrong = right;
    change(wrong);
    return attention<double>(in, wrong);
  };
}

/// Matches linear attention of these inputs, and knows the mistakes that any form can have.
inline Matches attends(const Inputs& in, const Formula& right) {
  const auto with = [in, right](std::function<void(Formula&)> change) { return changed(in, right, std::move(change)); };
  const Tensor64 expected = attention<double>(in, right);
  const double scale = 1 / std::sqrt(static_cast<double>(in.q.dim(3)));
  const auto other = right.map == FeatureMap::softmax ? FeatureMap::elu_plus_one : FeatureMap::softmax;
  return matches(expected, oracle::lost_in_float(attention<float>(in, right), expected))
      .but_not(with([](Formula& f) { f.normalised = false; }),
               "the denominator is missing: a query's weights must add up to 1. It is phi(q) times the sum of all "
               "phi(k) that were added so far")
      .but_not(with([](Formula& f) { f.raw_q = true; }), "the queries went in as they are: they have features, too")
      .but_not(with([](Formula& f) { f.raw_k = true; }), "the keys went in as they are: they have features, too")
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

/// The same for causal forms.
inline Matches attends_causally(const Inputs& in, FeatureMap map) {
  const Formula right{.map = map, .values = causal};
  const auto with = [&](std::function<void(Formula&)> change) { return changed(in, right, std::move(change)); };
  return attends(in, right)
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

/// Past and own chunk as two attentions that are added.
inline Tensor64 divided_one_by_one(const Inputs& in, Formula formula, std::int64_t chunk) {
  formula.values = [=](auto i, auto j) -> double { return j / chunk < i / chunk; };
  Tensor64 sum = attention<double>(in, formula);
  formula.values = [=](auto i, auto j) -> double { return j <= i && j / chunk == i / chunk; };
  const Tensor64 own = attention<double>(in, formula);
  for (std::int64_t i = 0; i < sum.size(); ++i) sum.data()[i] += own.data()[i];
  return sum;
}

/// Matches what causal_chunked should return, and knows what goes wrong between chunks.
inline Matches attends_in_chunks(const Inputs& in, const ChunkOptions& o) {
  const Formula right{.map = o.map, .values = causal};
  const auto with = [&](std::function<void(Formula&)> change) { return changed(in, right, std::move(change)); };
  const std::int64_t chunk = o.chunk, seq = in.q.dim(2);
  const auto both = [with](const Counts& counts) { return with([counts](Formula& f) { f.values = counts; }); };
  const auto sums = [with](const Counts& counts) { return with([counts](Formula& f) { f.normaliser = counts; }); };
  const Counts own = [=](auto i, auto j) -> double { return j <= i && j / chunk == i / chunk; };
  const Counts past = [=](auto i, auto j) -> double { return j / chunk < i / chunk; };
  return attends_causally(in, o.map)
      .but_not(both([=](auto i, auto j) -> double { return j / chunk <= i / chunk; }),
               "inside its chunk a query sees all keys, also later ones: the weights above the diagonal must be 0 "
               "before they weigh values")
      .but_not(both([=](auto i, auto j) -> double { return (j <= i) + (j / chunk == i / chunk); }),
               "the own chunk counts twice: it was added to the state before its queries read that. They meet it "
               "pair by pair; the state is for the chunks before")
      .but_not(both(past), "the own chunk is missing: the state has the chunks before it, and no more")
      .but_not(both(own), "the chunks before are missing: each query sees only the keys of its own chunk")
      .but_not(both([=](auto i, auto j) -> double { return j <= i && j / chunk >= i / chunk - 1; }),
               "a query sees its own chunk and the one before, nothing earlier: the state was replaced by each chunk's "
               "sum, not added to (beta = 1)")
      .but_not(sums(own),
               "the denominator is of the own chunk only: the past has its share, phi(q) times the sum of "
               "all earlier phi(k)")
      .but_not(sums(past), "the denominator is of the chunks before only: the weights of the own chunk belong to it")
      .but_not(sums([=](auto i, auto j) -> double { return j / chunk <= i / chunk; }),
               "the denominator counts weights that the mask hides: sum a row of weights after the mask, or up to the "
               "diagonal")
      .but_not([=] { return divided_one_by_one(in, right, chunk); },
               "past and own chunk were divided by a denominator each, then added: the weights of a query now add up "
               "to 2. Add first, then divide once by both denominators' sum")
      .but_not(
          [=] {
            Tensor64 cut = attention<double>(in, right);
            for (std::int64_t i = seq - seq % chunk; i < seq; ++i)
              for (std::int64_t h = 0; h < cut.dim(0) * cut.dim(1); ++h)
                std::ranges::fill(cut.row(h / cut.dim(1), h % cut.dim(1), i), 0.);
            return cut;
          },
          "the last positions are missing: when chunk does not divide seq, the last chunk is shorter");
}

}  // namespace workbook::linear_attention
