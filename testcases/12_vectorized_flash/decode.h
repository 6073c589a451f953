#pragma once
/// What decoding should return, and read.

#include <fmt/format.h>

#include "common/checker/attention/attends.h"
#include "common/checker/student.h"
#include "vectorized_flash.h"

namespace workbook::vectorized_flash {

using namespace attention_tests;

/// Keys [first, first + count) of in.
inline Inputs some_keys(const Inputs& in, std::int64_t first, std::int64_t count) {
  const auto part = [&](const Tensor& x) {
    Tensor result({x.dim(0), x.dim(1), count, x.dim(3)});
    for (std::int64_t b = 0; b < x.dim(0); ++b)
      for (std::int64_t h = 0; h < x.dim(1); ++h)
        for (std::int64_t j = 0; j < count; ++j) std::ranges::copy(x.row(b, h, first + j), result.row(b, h, j).begin());
    return result;
  };
  return {in.q, part(in.k), part(in.v)};
}

/// The mean of the attentions over `parts` equal parts of the keys: merging that forgets the log-sum-exp.
inline Tensor64 mean_of_parts(const Inputs& in, std::int64_t parts) {
  Tensor64 mean({in.q.dim(0), in.q.dim(1), 1, in.v.dim(3)});
  for (std::int64_t part = 0; part < parts; ++part) {
    const std::int64_t first = in.kv_len() * part / parts, last = in.kv_len() * (part + 1) / parts;
    const Inputs own = some_keys(in, first, last - first);
    const Tensor64 output = oracle::attention(own.q, own.k, own.v);
    for (std::int64_t i = 0; i < mean.size(); ++i) mean.values()[i] += output.values()[i] / static_cast<double>(parts);
  }
  return mean;
}

/// Parts of the keys added up, each relative to its own maximum.
inline Tensor64 sum_of_parts(const Inputs& in, std::int64_t parts) {
  Tensor64 total({in.q.dim(0), in.q.dim(1), 1, in.v.dim(3)}), sums({in.q.dim(0), in.q.dim(1)});
  for (std::int64_t part = 0; part < parts; ++part) {
    const std::int64_t first = in.kv_len() * part / parts, last = in.kv_len() * (part + 1) / parts;
    const Inputs own = some_keys(in, first, last - first);
    const Tensor64 output = oracle::attention(own.q, own.k, own.v), scores = oracle::attention_scores(own.q, own.k);
    for (std::int64_t b = 0; b < total.dim(0); ++b)
      for (std::int64_t h = 0; h < total.dim(1); ++h) {
        const auto row = scores.row(b, h, 0);
        double sum = 0;
        for (const double s : row) sum += std::exp(s - std::ranges::max(row));
        sums.at(b, h) += sum;
        for (std::int64_t c = 0; c < total.dim(3); ++c) total.at(b, h, 0, c) += sum * output.at(b, h, 0, c);
      }
  }
  for (std::int64_t i = 0; i < total.size(); ++i) total.values()[i] /= sums.values()[i / total.dim(3)];
  return total;
}

/// Knows what goes wrong where keys are cut into parts and blocks.
inline Matches but_not_of_parts(Matches matcher, const Inputs& in) {
  for (const std::int64_t parts : {2, 3, 5, 8})
    if (parts <= in.kv_len())
      std::move(matcher)
          .but_not([=] { return mean_of_parts(in, parts); },
                   "each thread's result counts the same: the results of parts are merged by their sums, which are "
                   "relative to their maxima")
          .but_not([=] { return sum_of_parts(in, parts); },
                   "the sums of the threads were added as they are, although each is relative to its own maximum: "
                   "multiply each by 2^(its maximum - the largest)")
          .but_not(
              [=] {
                const Inputs own = some_keys(in, 0, in.kv_len() / parts);
                return oracle::attention(own.q, own.k, own.v);
              },
              "only the keys of the first thread are in the result");
  for (const std::int64_t block : {2, 3, 4, 5, 8, 16, 32, 64})
    if (const std::int64_t whole = in.kv_len() / block * block; whole > 0)
      std::move(matcher).but_not(
          [=] {
            const Inputs own = some_keys(in, 0, whole);
            return oracle::attention(own.q, own.k, own.v);
          },
          fmt::format("the last keys are missing: their number need not be a multiple of {}", block));
  return but_not_another_formula(std::move(matcher), in, formula(in, Mask::none));
}

inline Matches decodes(const Inputs& in) {
  return matches_attention(in, formula(in, Mask::none)).knowing([in](Matches matcher) {
    return but_not_of_parts(std::move(matcher), in);
  });
}

/// The first query of the first head alone, with all keys and values: comparing all of them would take much longer
/// than the call.
inline Inputs first_query(const Inputs& in) {
  return {Tensor({1, 1, 1, in.q.dim(3)}, in.q.values().first(static_cast<std::size_t>(in.q.dim(3)))), in.k, in.v};
}

/// Matches the row of the first query.
template <class Call>
void check_first_query(const Inputs& in, const Call& call) {
  const Tensor got = call();
  REQUIRE(got.shape() == in.q.shape());
  const Inputs first = first_query(in);
  UNSCOPED_INFO("Only the first query of the first head is compared.");
  CHECK_THAT(Tensor(first.q.shape(), got.row(0, 0, 0)), matches_attention(first, formula(first, Mask::none)));
}

/// A cache of bfloat16, and the same numbers as floats.
struct Cache16 {
  TensorOf<bfloat16> k, v;
  Inputs widened;

  explicit Cache16(const Inputs& in)
      : k(rounded_to<bfloat16>(in.k)),
        v(rounded_to<bfloat16>(in.v)),
        widened{in.q, workbook::widened(k), workbook::widened(v)} {}
};

inline Tensor rounded_to_bfloat16(const Tensor& x) { return widened(rounded_to<bfloat16>(x)); }

/// Each row with the number from place(c) of its tile of kStrip at c, or 0 if that is after the end of the row.
template <class Number>
TensorOf<Number> rearranged(const TensorOf<Number>& x, std::int64_t (*place)(std::int64_t)) {
  TensorOf<Number> result(x.shape());
  const std::int64_t head_dim = x.dim(-1);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const std::int64_t c = i % head_dim, from = c / kStrip * kStrip + place(c % kStrip);
    if (from < head_dim) result.values()[i] = x.values()[i - c + from];
  }
  return result;
}

/// The channel that widen() writes to a lane.
inline std::int64_t widened_channel(std::int64_t lane) { return lane % kLanes * 2 + lane / kLanes; }

/// Knows what goes wrong with numbers of 16 bits.
inline Matches but_not_of_bfloat16(Matches matcher, const Inputs& in) {
  return std::move(matcher)
      .but_not([in] { return oracle::attention(rounded_to_bfloat16(in.q), in.k, in.v); },
               "q was rounded to bfloat16: only the cache is, and arithmetic is float")
      .but_not(
          [in] { return oracle::attention(rearranged(in.q, widened_lane<bfloat16>), in.k, in.v); },
          "the channels of q are not where those of the keys are: widen() writes the even channels first, and then "
          "the odd ones, so channel c of 32 is at widened_lane<bfloat16>(c)")
      .but_not(
          [in] { return rearranged(oracle::attention(in.q, in.k, in.v), widened_channel); },
          "the channels of the result are in the order in which widen() wrote those of the values: channel c of 32 "
          "is at widened_lane<bfloat16>(c) of the sums")
      .but_if(
          [in](const Tensor64& got) {
            const Tensor64 right = oracle::attention(in.q, in.k, in.v);
            double worst = 0, largest = 0;
            for (std::int64_t i = 0; i < right.size(); ++i) {
              worst = std::max(worst, std::abs(got.values()[i] - right.values()[i]));
              largest = std::max(largest, std::abs(right.values()[i]));
            }
            return worst < 0.01 * largest;
          },
          "every number is nearly right. Was something rounded to bfloat16 on the way: q, the weights, the sums or the "
          "result?");
}

inline Matches decodes16(const Cache16& cache) {
  return decodes(cache.widened).knowing([in = cache.widened](Matches matcher) {
    return but_not_of_bfloat16(std::move(matcher), in);
  });
}

/// Checks that the last call read both tensors once, for all query heads that share them.
template <class T>
void check_reads_once(const TensorOf<T>& k, const TensorOf<T>& v) {
  const auto bytes = static_cast<double>(sizeof(T) * static_cast<std::size_t>(k.size()));
  CHECK_THAT(evidence(), reads_at_most(k, bytes, "each key once, for all query heads that share it"));
  CHECK_THAT(evidence(), reads_at_most(v, bytes, "each value once, for all query heads that share it"));
}

}  // namespace workbook::vectorized_flash
