#pragma once
/// Calls of lesson 19's decoding functions, what they should return, and what people return in its place.

#include <fmt/format.h>

#include "common/checker/attention/suspicions.h"
#include "common/oracle/rounding.h"
#include "paged.h"

namespace workbook::cuda_paged_decode {

struct Result {
  Tensor out, lse;
};

inline Result paged(const Batch& b) {
  Result result{Tensor(b.q.shape()), Tensor({b.batch(), b.heads()})};
  student<paged_decode>(b.q, b.cache, b.block_table, b.lengths, result.out, result.lse, {});
  return result;
}

/// The same in 16 bits: `b` must hold numbers of T only.
template <class T>
Result paged_narrow(const Batch& b) {
  const TensorOf<T> q = rounded_to<T>(b.q), cache = rounded_to<T>(b.cache);
  TensorOf<T> out(b.q.shape());
  Tensor lse({b.batch(), b.heads()});
  if constexpr (std::is_same_v<T, float16>)
    student<paged_decode_f16>(q, cache, b.block_table, b.lengths, out, lse, {});
  else
    student<paged_decode_bf16>(q, cache, b.block_table, b.lengths, out, lse, {});
  return {widened(out), lse};
}

/// The batch with every number rounded to T.
template <class T>
Batch narrowed(Batch b) {
  b.q = widened(rounded_to<T>(b.q));
  b.cache = widened(rounded_to<T>(b.cache));
  return b;
}

/// The parts' results, and what was made of them.
struct SplitResult {
  Tensor part_out, part_lse;
  Result merged;
};

inline SplitResult split(const Batch& b, std::int64_t parts) {
  SplitResult result{Tensor({parts, b.batch(), b.heads(), b.head_dim()}),
                     Tensor({parts, b.batch(), b.heads()}),
                     {Tensor(b.q.shape()), Tensor({b.batch(), b.heads()})}};
  student<paged_decode_split>(b.q, b.cache, b.block_table, b.lengths, result.part_out, result.part_lse,
                              result.merged.out, result.merged.lse, {});
  return result;
}

/// Zeros in the place of -inf, which no tolerance can be computed from.
template <class Real>
TensorOf<Real> finite(TensorOf<Real> x) {
  for (Real& value : x.values())
    if (std::isinf(value)) value = 0;
  return x;
}

inline Tolerance of_float(const Tensor& in_float, const Tensor64& exact, double narrow = 0) {
  Tolerance tolerance = oracle::lost_in_float(finite(in_float), finite(exact));
  if (narrow > 0) {
    tolerance.relative = 1.01 * narrow;
    tolerance.reason += ", and the result is rounded to 16 bits";
  }
  return tolerance;
}

/// Knows what goes wrong in walks over pages; `get` takes the result or the log-sum-exp of what was decoded.
template <class Get>
Matches but_not_another_reading(Matches right, const Batch& b, const Reading& reading, Get get) {
  const auto with = changes_of(reading, [b, get](const Reading& r) { return get(decode<double>(b, r)); });
  const auto length = [b](auto change) {
    return [=](std::int64_t n) -> std::int64_t { return change(b.lengths.at(n)); };
  };
  const auto walks = [with](Walk walk) { return with([walk](Reading& r) { r.walk = walk; }); };
  std::move(right)
      .but_not(walks(Walk::nothing_rescaled),
               "nothing was rescaled when a maximum grew: sum and output so far are relative to the old maximum, and "
               "shrink by exp(old - new)")
      .but_not(walks(Walk::output_not_rescaled),
               "the sum was rescaled when the maximum grew, the output was not: both shrink by exp(old - new)")
      .but_not(walks(Walk::sum_not_rescaled),
               "the output was rescaled when the maximum grew, the sum was not: both shrink by exp(old - new)")
      .but_not(walks(Walk::softmax_of_each_page),
               "each page has a softmax of its own: the weights of all pages together add up to 1")
      .but_not(walks(Walk::last_page_only), "only the last page of a sequence, or of a part, has an effect")
      .but_not(with([=](Reading& r) { r.length = length([](int x) { return x / kPageTokens * kPageTokens; }); }),
               "the last page is left out where it is not full")
      .but_not(with([=](Reading& r) { r.length = length([](int x) { return pages_of(x) * kPageTokens; }); }),
               "all 16 slots of the last page take part: those after the sequence's last token hold old tokens, or "
               "anything")
      .but_not(with([](Reading& r) { r.zeros_take_part = true; }),
               "slots without a token take part with a score of 0, and e^0 is 1: their scores must be -inf")
      .but_not(with([=](Reading& r) { r.length = length([](int x) { return x - 1; }); }),
               "the last token of each sequence is left out: a sequence of `length` tokens has tokens 0 to length - 1")
      .but_not(with([=](Reading& r) { r.length = length([](int x) { return x + 1; }); }),
               "one token too many takes part: a sequence of `length` tokens has tokens 0 to length - 1")
      .but_not(with([&](Reading& r) { r.length = [b](auto) { return b.lengths.at(0); }; }),
               "every sequence has the length of sequence 0")
      .but_not(with([](Reading& r) { r.page = [](auto, auto page) { return page; }; }),
               "page i of a sequence was taken to be page i of the cache: block_table says which page it is")
      .but_not(with([&](Reading& r) {
                 r.page = [most = b.block_table.dim(1)](auto n, auto page) { return n * most + page; };
               }),
               "the block table was not followed: its entry is the number of the page in the cache, not its place")
      .but_not(with([](Reading& r) { r.table_row = [](auto) { return std::int64_t{0}; }; }),
               "every sequence follows the block table of sequence 0")
      .but_not(with([&](Reading& r) { r.page = [b](auto n, auto) { return b.block_table.at(n, 0); }; }),
               "all pages of a sequence are taken to be its first one")
      .but_not(with([](Reading& r) { r.token_major = true; }),
               "a page is read as [2, kPageTokens, kv_heads, head_dim]: here all tokens of one KV head lie together, "
               "[2, kv_heads, kPageTokens, head_dim]")
      .but_not(with([](Reading& r) { r.kv_outside = true; }),
               "the cache is read as [2, pages, ...]: here a page has its keys, and then its values")
      .but_not(with([](Reading& r) { r.swapped = true; }), "keys and values have changed places")
      .but_not(with([](Reading& r) { r.q_sequence = [](auto) { return std::int64_t{0}; }; }),
               "every sequence has the queries of sequence 0");
  const std::int64_t n_rep = b.n_rep(), kv_heads = b.kv_heads();
  const auto map = [with](auto kv_head) { return with([=](Reading& r) { r.kv_head = kv_head; }); };
  std::move(right)
      .but_not(map([=](std::int64_t h) { return h % kv_heads; }),
               "query head h reads KV head h % kv_heads: neighbours share, so it is h / n_rep")
      .but_not(map([](std::int64_t) { return std::int64_t{0}; }), "every query head reads KV head 0: it is h / n_rep")
      .but_not(with([=](Reading& r) { r.q_head = [=](std::int64_t h) { return h / n_rep * n_rep; }; }),
               "all heads of a group have the result of its first one: they share keys and values, not queries");
  for (const std::int64_t channels : {8, 16, 32, 64, 128})
    if (channels < b.head_dim())
      std::move(right).but_not(with([=](Reading& r) { r.channels = channels; }),
                               fmt::format("only the first {} channels take part in a score", channels));
  right = attention_tests::but_not_another_scale(
      std::move(right), std::nullopt, b.head_dim(), b.heads(),
      [with](double scale) { return with([scale](Reading& r) { r.scale = [scale](double) { return scale; }; })(); });
  return std::move(right).but_not(with([](Reading& r) { r.scale = [](double x) { return x * 0.6931471805599453; }; }),
                                  "the weights are powers of 2, not of e");
}

/// Other readings, and what is told if one of them gives just what was got.
using Suspects = std::vector<std::pair<Reading, std::string>>;

/// The right output of these arguments. `first` are mistakes that are asked about before all others.
inline Matches decodes(const Batch& b, double narrow = 0, const Reading& reading = {}, const Suspects& first = {}) {
  const Tensor64 exact = decode<double>(b, reading).out;
  Matches right = matches(exact, of_float(decode<float>(b, reading).out, exact, narrow));
  const auto all_zeros = [exact](const Tensor64& got) {
    const auto zero = [](double x) { return x == 0; };
    return std::ranges::all_of(got.values(), zero) && !std::ranges::all_of(exact.values(), zero);
  };
  std::move(right).but_if(all_zeros,
                          "all is 0. Is every weight 0, as if the maximum began at a number above all of these "
                          "scores (0, -1e4, -1e30)? It begins at -inf");
  for (const auto& [wrong, sentence] : first)
    std::move(right).but_not([b, wrong = wrong] { return decode<double>(b, wrong).out; }, sentence);
  const bool nan_stale = std::ranges::any_of(b.cache.values(), [](float x) { return std::isnan(x); });
  const bool has_empty = std::ranges::count(b.lengths.values(), 0) > 0;
  const std::string nan = has_empty
                              ? "there are NaNs. Does a sequence without tokens divide 0 by 0, or is a slot read in "
                                "which there is no token? Also 0 * NaN is NaN"
                              : "there are NaNs. Is a slot read in which there is no token? It may hold NaN, and a "
                                "weight of 0 does not help: 0 * NaN is NaN";
  if (nan_stale) std::move(right).but_if(has_nan, nan);
  right = but_not_another_reading(std::move(right), b, reading, [](const auto& decoded) { return decoded.out; });
  const auto from_128 = [width = b.head_dim()](const Tensor64& got) {
    for (std::int64_t i = 0; i < got.size(); ++i)
      if (i % width >= kThreads && got.values()[i] != 0) return false;
    return width > kThreads;
  };
  const auto rounded_sums = [exact, narrow](const Tensor64& got) {
    const double largest = std::abs(std::ranges::max(exact.values(), {}, [](double x) { return std::abs(x); }));
    for (std::int64_t i = 0; i < got.size(); ++i)
      if (!(std::abs(got.values()[i] - exact.values()[i]) < 60 * narrow * largest)) return false;
    return true;
  };
  return std::move(right)
      .but_if(from_128, "channels from kThreads on are 0. Has a thread more than one channel where head_dim is larger?")
      .but_if(has_nan, nan)
      .but_if(rounded_sums, "the errors are as large as those of sums in 16 bits. Are scores, weights and sums float?");
}

/// The right log-sum-exp of these arguments.
inline Matches has_lse(const Batch& b, const Reading& reading = {}) {
  const Tensor64 exact = decode<double>(b, reading).lse;
  Tolerance tolerance = of_float(decode<float>(b, reading).lse, exact);
  tolerance.absolute += 1e-6;  // a sum of weights near 1 has a logarithm near 0, and an absolute error
  const auto changed = [b, reading](auto change) {
    return [=] {
      const Decoded<double> right = decode<double>(b, reading);
      Tensor64 wrong = right.lse;
      for (std::int64_t i = 0; i < wrong.size(); ++i)
        if (std::isfinite(wrong.values()[i])) wrong.values()[i] = change(wrong.values()[i], right.max.values()[i]);
      return wrong;
    };
  };
  const auto empty = [exact](double value) {
    return [=] {
      Tensor64 wrong = exact;
      for (double& x : wrong.values()) x = std::isinf(x) ? value : x;
      return wrong;
    };
  };
  Matches right =
      matches(exact, tolerance)
          .but_not(changed([](double lse, double max) { return lse - max; }),
                   "this is log(sum): the maximum, which was taken off the scores, is owed again")
          .but_not(changed([](double, double max) { return max; }), "this is the maximum: log(sum) is missing")
          .but_not(changed([](double lse, double max) { return max + std::exp(lse - max); }),
                   "the sum was added to the maximum without its logarithm")
          .but_not(changed([](double lse, double) { return lse / std::log(2.0); }),
                   "the log-sum-exp is in base 2: the natural logarithm belongs to exp")
          .but_not(changed([](double lse, double) { return std::exp(lse); }),
                   "this is the sum of exp(score): its logarithm is missing")
          .but_not(empty(0), "0 where there is no token: the logarithm of an empty sum is -inf")
          .but_not(empty(std::nan("")), "NaN where there is no token: -inf - (-inf) is NaN");
  return but_not_another_reading(std::move(right), b, reading, [](const auto& decoded) { return decoded.lse; });
}

inline void check_decoded(const Result& got, const Batch& b, double narrow = 0) {
  CHECK_THAT(got.out, decodes(b, narrow));
  CHECK_THAT(got.lse, has_lse(b));
}

}  // namespace workbook::cuda_paged_decode
