#pragma once
/// One pass over a row checked, as it should be and as somebody with one idea wrong would make it.

#include "check_attention.h"

namespace workbook::online_softmax {

namespace wrong {

/// The parts of a row, `chunk` keys each, the last perhaps shorter.
inline std::vector<Part> chunks_of(const Row& row, int chunk) {
  std::vector<Part> parts;
  for (std::int64_t first = 0; first < row.kv_len(); first += chunk)
    parts.push_back(attended(row, first, std::min<std::int64_t>(chunk, row.kv_len() - first)));
  return parts;
}

/// Softmax of every chunk by itself, results added: the loop in so many explanations of flash attention.
inline Tensor64 chunk_by_chunk(const Row& row, int chunk, bool averaged) {
  Tensor64 out({1, row.head_dim()});
  const auto parts = chunks_of(row, chunk);
  for (const Part& part : parts)
    if (part.sum > 0) add(out, 1 / (part.sum * (averaged ? static_cast<double>(parts.size()) : 1)), part.weighted);
  return out;
}

/// Each chunk's maximum replaces the one before, even a smaller one; in float, where exp() overflows.
inline Tensor64 with_latest_maximum(const Row& row, int chunk) {
  Part seen{.weighted = Tensor64({1, row.head_dim()})};
  for (const Part& part : chunks_of(row, chunk)) {
    if (part.max == -kInfinity) continue;
    const float factor = std::exp(static_cast<float>(seen.max) - static_cast<float>(part.max));
    seen.sum = factor * seen.sum + part.sum;
    for (double& x : seen.weighted.values()) x *= factor;
    add(seen.weighted, 1, part.weighted);
    seen.max = part.max;
  }
  return finished(seen);
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

/// The attention of keys some of which are counted more than once.
inline Tensor64 with_repeated(const Row& row, const std::vector<std::pair<std::int64_t, std::int64_t>>& ranges) {
  Part all{.weighted = Tensor64({1, row.head_dim()})};
  const double max = attended(row, 0, row.kv_len()).max;
  for (const auto& [first, count] : ranges) {
    const Part part = attended(row, first, count);
    const double factor = weight(part.max, max);
    all.sum += factor * part.sum;
    wrong::add(all.weighted, factor, part.weighted);
  }
  return finished(all);
}

/// Knows chunks that overlap, or leave keys out.
inline Matches but_not_other_chunks(Matches right, const Row& row, int chunk) {
  using Ranges = std::vector<std::pair<std::int64_t, std::int64_t>>;
  const std::int64_t kv_len = row.kv_len();
  const auto with = [=](auto range_of, bool first_twice) {
    return [=] {
      Ranges ranges;
      if (first_twice) ranges.emplace_back(0, std::min<std::int64_t>(chunk, kv_len));
      for (std::int64_t first = 0; first < kv_len; first += chunk) ranges.push_back(range_of(first));
      return with_repeated(row, ranges);
    };
  };
  const auto usual = [=](std::int64_t first) {
    return std::pair(first, std::min<std::int64_t>(chunk, kv_len - first));
  };
  return std::move(right)
      .but_not(with(
                   [=](std::int64_t first) {
                     return std::pair(std::max<std::int64_t>(0, std::min(first, kv_len - chunk)),
                                      std::min<std::int64_t>(chunk, kv_len));
                   },
                   false),
               "the last chunk was moved back until it was full, so some keys count twice. When chunk does not divide "
               "kv_len, the last chunk is shorter")
      .but_not(
          with([=](std::int64_t first) { return std::pair(first, std::min(std::int64_t{chunk} + 1, kv_len - first)); },
               false),
          "chunks overlap by one key, which counts twice: a chunk ends before the next begins")
      .but_not(with(
                   [=](std::int64_t first) {
                     return std::pair(first, std::min<std::int64_t>(std::max(chunk - 1, 1), kv_len - first));
                   },
                   false),
               "the last key of every chunk is missing")
      .but_not(with(usual, true), "the first chunk counts twice");
}

/// Knows how a pass over the row goes wrong.
inline Matches but_not_another_pass(Matches right, const Row& row, int chunk) {
  const Part all = attended(row, 0, row.kv_len());
  const std::int64_t full = row.kv_len() - row.kv_len() % chunk;
  const auto loop = [row, chunk](auto factors) { return [=] { return wrong::loop(row, chunk, factors); }; };
  if (row.kv_len() == 0)
    std::move(right).but_not([=] { return Tensor64(all.weighted.shape(), std::nan("")); },
                             "no keys: 0 / 0. Without a weight there is nothing to divide by, and the result "
                             "is zeros");
  if (row.kv_len() > 0 && chunk > std::numeric_limits<int>::max() - row.kv_len())
    std::move(right).but_not(
        [=] { return Tensor64(all.weighted.shape()); },
        "the result is 0: the sum of kv_len and chunk is more than an int holds. Cut chunk down to "
        "kv_len first, or count in std::int64_t");
  std::move(right)
      .but_not([=] { return wrong::chunk_by_chunk(row, chunk, false); },
               "every chunk has had a softmax of its own, and the results were added: nothing was rescaled. Each "
               "chunk's "
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
      .but_not(
          [=] { return wrong::with_latest_maximum(row, chunk); },
          "the maximum of every chunk replaced the one before, even if it was smaller: exp(old max - new max) then "
          "overflows. A maximum never shrinks")
      .but_not([=] { return all.weighted; }, "the weighted values are right and have not been divided by their sum");
  if (full > 0)
    std::move(right).but_not(
        [=] { return finished(attended(row, 0, full)); },
        "the last keys count nothing. When chunk does not divide kv_len, the last chunk is shorter: is it left "
        "out, or merged with a factor that is 0?");
  right = but_not_other_chunks(std::move(right), row, chunk);
  for (const WrongPart& wrong : wrong_parts(row, 0, row.kv_len()))
    std::move(right).but_not([=] { return finished(wrong.part()); }, wrong.sentence);
  for (const std::int64_t keys : {16, 32, 64, 100, 128, 256, 512, 1000, 1024})
    if (keys < chunk)
      std::move(right).but_not(
          [=] {
            std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
            for (std::int64_t first = 0; first < row.kv_len(); first += chunk)
              ranges.emplace_back(first, std::min(keys, row.kv_len() - first));
            return with_repeated(row, ranges);
          },
          "of every chunk only the first " + std::to_string(keys) + " keys are in it");
  return but_not_all_channels(std::move(right), finished(all));
}

/// Matches the whole row's attention, and knows how a pass over it goes wrong.
inline Matches matches_row(const Row& row, int chunk, std::optional<Matches> exact = {}) {
  const Part all = attended(row, 0, row.kv_len());
  Matches right = exact ? *std::move(exact)
                        : matches(finished(all), attention_tolerance(all, row, (row.kv_len() + chunk - 1LL) / chunk));
  return std::move(right).knowing(
      [row, chunk](Matches matcher) { return but_not_another_pass(std::move(matcher), row, chunk); });
}

/// The same after a pass over `first`, which gave `before`, and one over a row with a NaN.
inline Matches matches_after(const Row& row, int chunk, const Row& first, const Tensor& before) {
  const std::string stale =
      ": a result of an earlier call was kept, by address, shape or position. It is out of date as "
      "soon as the numbers change";
  const auto mixed = [=](auto change) {
    return [=] {
      Row some = row;
      change(some);
      return finished(attended(some, 0, row.kv_len()));
    };
  };
  return matches_row(row, chunk)
      .but_not([=] { return before; }, "this is the attention of the row before" + stale)
      .but_not(mixed([=](Row& r) { r.k = first.k, r.q = first.q; }), "the logits are those of the row before" + stale)
      .but_not(mixed([=](Row& r) { r.k = first.k; }), "the keys are those of the row before" + stale)
      .but_not(mixed([=](Row& r) { r.v = first.v; }), "the values are those of the row before" + stale)
      .but_not(
          mixed([](Row& r) { std::ranges::fill(r.v.values(), std::nanf("")); }),
          "NaN, and the row before held one: something survived that call. A weight of 0 does not clear it, because "
          "0 times NaN is NaN");
}

}  // namespace workbook::online_softmax
