#pragma once
/// One pass over a row checked, as it should be and as somebody with one idea wrong would make it.

#include "check_attention.h"

namespace workbook::online_softmax {

namespace wrong {

/// The parts of a row, `chunk` keys each, the last perhaps shorter.
inline std::vector<Part> chunks_of(const Row& row, int chunk, double scale = 0) {
  std::vector<Part> parts;
  for (std::int64_t first = 0; first < row.kv_len(); first += chunk)
    parts.push_back(attended(row, first, std::min<std::int64_t>(chunk, row.kv_len() - first), scale));
  return parts;
}

/// Softmax of every chunk by itself, results added: the loop in so many explanations of flash attention.
inline Tensor64 chunk_by_chunk(const Row& row, int chunk, bool averaged) {
  Tensor64 out({1, row.head_dim()});
  const auto parts = chunks_of(row, chunk);
  for (const Part& part : parts)
    add(out, 1 / (part.sum * (averaged ? static_cast<double>(parts.size()) : 1)), part.weighted);
  return out;
}

struct Factors {
  double old_sum, old_weighted, new_sum, new_weighted;
};

/// A loop that joins chunk after chunk with these factors, and divides at the end.
template <class F>
Tensor64 loop(const Row& row, int chunk, F factors) {
  Part seen{.weighted = Tensor64({1, row.head_dim()})};
  for (const Part& part : chunks_of(row, chunk)) {
    const double max = std::max(seen.max, part.max);
    const Factors f = factors(weight(seen.max, max), weight(part.max, max), seen.sum);
    seen.sum = f.old_sum * seen.sum + f.new_sum * part.sum;
    for (double& x : seen.weighted.values()) x *= f.old_weighted;
    add(seen.weighted, f.new_weighted, part.weighted);
    seen.max = max;
  }
  return finished(seen);
}

}  // namespace wrong

/// Matches the whole row's attention, and knows how a pass over it goes wrong.
inline Matches matches_row(const Row& row, int chunk) {
  const Part all = attended(row, 0, row.kv_len());
  const std::int64_t full = row.kv_len() - row.kv_len() % chunk;
  const auto loop = [row, chunk](auto factors) { return [=] { return wrong::loop(row, chunk, factors); }; };
  return matches(finished(all), attention_tolerance(all, row, (row.kv_len() + chunk - 1) / chunk))
      .but_not(
          [=] { return wrong::chunk_by_chunk(row, chunk, false); },
          "every chunk has had a softmax of its own, and the results were added: nothing was rescaled. Each chunk's "
          "weights add up to 1, so the row's add up to the number of chunks. A weight must be divided by the sum "
          "over the whole row, which nobody knows before its end")
      .but_not([=] { return wrong::chunk_by_chunk(row, chunk, true); },
               "the mean of the chunks' softmaxes: a chunk of small logits now counts as much as one of large ones")
      .but_not(loop([](double, double b, double) {
                 return wrong::Factors{1, 1, b, b};
               }),
               "the past was never rescaled: its weights are relative to a maximum that has been overtaken")
      .but_not(loop([](double a, double b, double) {
                 return wrong::Factors{a, 1, b, b};
               }),
               "the sum was rescaled and the weighted values were not: both are sums over exp(x - max), and shrink "
               "together when max grows")
      .but_not(loop([](double a, double b, double) {
                 return wrong::Factors{1, a, b, b};
               }),
               "the weighted values were rescaled and the sum was not: both are sums over exp(x - max)")
      .but_not(loop([](double a, double b, double sum) {
                 return wrong::Factors{a, sum == 0 ? a : a / sum, b, b};
               }),
               "the weighted values were divided by their sum after every chunk, then merged as if they had not been. "
               "Divide once, after the last chunk")
      .but_not(loop([](double a, double b, double) {
                 return wrong::Factors{a, 1, b, 1};
               }),
               "the sums were rescaled and the weighted values were added as they are: both are sums over exp(x - max)")
      .but_not([=] { return all.weighted; }, "the weighted values are right and have not been divided by their sum")
      .but_not([=] { return finished(attended(row, 0, full)); },
               "the last keys are missing: when chunk does not divide kv_len, the last chunk is shorter")
      .but_not([=] { return finished(attended(row, 0, row.kv_len(), 1)); },
               "the logits are not scaled by 1 / sqrt(head_dim)")
      .but_if([=](const Tensor64& got) { return row.kv_len() == 0 && std::isnan(got.values()[0]); },
              "no keys: 0 / 0. Without a weight there is nothing to divide by, and the result is zeros");
}

}  // namespace workbook::online_softmax
