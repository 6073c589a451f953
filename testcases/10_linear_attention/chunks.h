#pragma once
/// What causal_chunked should return, and what goes wrong between chunks.

#include "attends.h"

namespace workbook::linear_attention {

/// Past and own chunk as two attentions that are added.
inline Tensor64 divided_one_by_one(const Inputs& in, Formula formula, std::int64_t chunk) {
  formula.values = [=](auto i, auto j) -> double { return j / chunk < i / chunk; };
  Tensor64 sum = attention<double>(in, formula);
  formula.values = [=](auto i, auto j) -> double { return j <= i && j / chunk == i / chunk; };
  const Tensor64 own = attention<double>(in, formula);
  for (std::int64_t i = 0; i < sum.size(); ++i) sum.values()[i] += own.values()[i];
  return sum;
}

/// Matches what causal_chunked should return, and knows what goes wrong between chunks.
inline Matches attends_in_chunks(const Inputs& in, const ChunkOptions& o) {
  const Formula right{.map = o.map, .values = causal};
  const auto with = changes(in, right);
  const std::int64_t chunk = o.chunk, seq = in.q.dim(2);
  const auto both = [with](const Counts& counts) { return with([counts](Formula& f) { f.values = counts; }); };
  const auto sums = [with](const Counts& counts) { return with([counts](Formula& f) { f.normaliser = counts; }); };
  const Counts own = [=](auto i, auto j) -> double { return j <= i && j / chunk == i / chunk; };
  const Counts past = [=](auto i, auto j) -> double { return j / chunk < i / chunk; };
  Matches result = attends(in, right);
  std::move(result)
      .but_not(both([=](auto i, auto j) -> double { return j / chunk <= i / chunk; }),
               "inside its chunk a query sees all keys, also later ones: the weights above the diagonal must be 0 "
               "before they weigh values")
      .but_not(both([=](auto i, auto j) -> double { return (j <= i) + (j / chunk == i / chunk); }),
               "the own chunk counts twice: it was added to the state before its queries read that. They meet it "
               "pair by pair; the state is for the chunks before")
      .but_not(both([](auto i, auto j) -> double { return j < i; }),
               "a query does not see the key at its own position: inside a chunk, the diagonal of the weights stays")
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
          "the last positions are missing: when chunk does not divide seq, the last chunk is shorter")
      .but_not(
          [=] {
            Tensor64 cut = attention<double>(in, right);
            for (std::int64_t i = (seq - 1) / chunk * chunk; i < seq; ++i)
              for (std::int64_t h = 0; h < cut.dim(0) * cut.dim(1); ++h)
                std::ranges::fill(cut.row(h / cut.dim(1), h % cut.dim(1), i), 0.);
            return cut;
          },
          "the last chunk is missing: its rows are zeros");
  return but_not_causal_slips(std::move(result), in, right);
}

}  // namespace workbook::linear_attention
