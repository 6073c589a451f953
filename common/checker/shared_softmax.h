#pragma once
/// The softmax of a kernel with a wrong idea, in float as a kernel has it, where `sharing` threads share a row: thread
/// t has its columns t, t + sharing, ...

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <vector>

#include "common/checker/student.h"
#include "common/oracle/softmax.h"
#include "common/oracle/warp_softmax.h"

namespace workbook::shared_softmax {

inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Who knows what the halvings have found.
enum class Known {
  to_all,       ///< all threads that share the row: they swapped, or read word 0
  to_word_zero  ///< word 0 alone, and each thread goes on with its own word
};

/// How the `sharing` threads of a row combine what they have found.
struct Meeting {
  int from = 0, to = 1;  ///< the first distance and the last one, 0 for no halving at all
  float (*combine)(float, float) = nullptr;
  Known known = Known::to_all;

  void operator()(std::vector<float>& values) const {
    const auto threads = static_cast<int>(values.size());
    for (int distance = from; distance >= to && distance > 0; distance /= 2) {
      const std::vector<float> before = values;
      for (int t = 0; t < threads; ++t) {
        const int other = known == Known::to_all ? t ^ distance : t + distance;
        if (known == Known::to_all || t < distance) values[t] = combine(before[t], before[other]);
      }
    }
    if (known == Known::to_all && threads > 32 && from > 0) values.assign(values.size(), values[0]);
  }
};

struct Idea {
  explicit Idea(int sharing) : sharing(sharing) {}

  int sharing;  ///< threads of a row: thread t has columns t, t + sharing, ...
  float lowest = -kInfinity;
  Meeting maxima{sharing / 2, 1, [](float a, float b) { return std::fmax(a, b); }};
  Meeting sums{sharing / 2, 1, [](float a, float b) { return a + b; }};
  float (*size)(float) = [](float x) { return x; };              ///< of which the maximum is taken
  float (*of_sum)(float) = [](float x) { return std::exp(x); };  ///< the exponential, in the sum
  float (*of_weight)(float) = [](float x) { return std::exp(x); };
  bool shifted = true, sum_shifted = true, first_is_largest = false;
  bool masked_by_maximum = false, masked_unless_positive = false;   ///< else a sum of 0 says that a row is masked
  float masked = 0;                                                 ///< the weights of a masked row
  float added = 0;                                                  ///< to the sum
  float least_sum = 0;                                              ///< fmaxf keeps the sum from 0
  std::int64_t columns = std::numeric_limits<std::int64_t>::max();  ///< that count

  std::vector<float> maxima_of(std::span<const float> row) const {
    std::vector<float> largest(sharing, lowest);
    for (std::int64_t j = 0; j < std::min(columns, std::ssize(row)); ++j)
      largest[j % sharing] = std::fmax(largest[j % sharing], size(row[j]));
    maxima(largest);
    if (first_is_largest) largest.assign(sharing, row[0]);
    return largest;
  }

  void weigh(std::span<const float> row, std::span<float> weights) const {
    const std::vector<float> largest = maxima_of(row);
    const auto exponent = [&](std::int64_t j) {
      const float shift = largest[j % sharing];
      return shifted && std::isfinite(shift) ? row[j] - shift : row[j];
    };
    std::vector<float> sum(sharing);
    for (std::int64_t j = 0; j < std::min(columns, std::ssize(row)); ++j)
      sum[j % sharing] += of_sum(sum_shifted ? exponent(j) : row[j]);
    sums(sum);
    for (std::int64_t j = 0; j < std::ssize(row); ++j) {
      const float found = sum[j % sharing] + added, all = least_sum > 0 ? std::fmax(found, least_sum) : found;
      const bool is_masked = masked_by_maximum        ? largest[j % sharing] == -kInfinity
                             : masked_unless_positive ? !(all > 0)
                                                      : all == 0;
      weights[j] = is_masked ? masked : of_weight(exponent(j)) / all;
    }
  }
};

inline Tensor softmax_with(const Tensor& x, const Idea& idea) {
  Tensor result(x.shape());
  const auto cols = static_cast<std::size_t>(x.dim(-1));
  for (std::size_t first = 0; first < x.values().size(); first += cols)
    idea.weigh(x.values().subspan(first, cols), result.values().subspan(first, cols));
  return result;
}

/// The last two axes change places.
inline Tensor transposed(const Tensor& x) {
  const std::int64_t rows = x.dim(-2), cols = x.dim(-1), matrices = x.size() / (rows * cols);
  Tensor result(x.shape().rank() == 2 ? Shape{cols, rows} : Shape{matrices, cols, rows});
  for (std::int64_t n = 0; n < x.size(); ++n) {
    const std::int64_t matrix = n / (rows * cols), i = n / cols % rows, j = n % cols;
    result.values()[(matrix * cols + j) * rows + i] = x.values()[n];
  }
  return result;
}

/// A NaN is taken for -inf: it has no weight, and nobody else notices it.
inline Tensor without_nan(Tensor x) {
  for (float& value : x.values())
    if (std::isnan(value)) value = -kInfinity;
  return x;
}

/// `right` with something changed: what but_not takes.
template <class Change>
auto idea(const Tensor& x, int sharing, Change change) {
  return [=] {
    Idea wrong(sharing);
    change(wrong);
    return softmax_with(x, wrong);
  };
}

/// One of the two numbers of a row, or both, are not what all threads have found.
inline Matches but_not_another_meeting(Matches matcher, const Tensor& x, int sharing) {
  struct Number {
    bool maxima, sums;
    const char* name;
  };
  const auto suspect = [&](Number n, auto change, std::string sentence) {
    std::move(matcher).but_not(idea(x, sharing,
                                    [=](Idea& i) {
                                      if (n.maxima) change(i.maxima);
                                      if (n.sums) change(i.sums);
                                    }),
                               std::move(sentence));
  };
  // If all threads share a partial maximum, it cancels: only the sum shows.
  for (const Number n :
       {Number{false, true, "the sum"}, {true, false, "the maximum"}, {true, true, "maximum and sum"}}) {
    suspect(
        n, [](Meeting& m) { m.from = 0; },
        fmt::format("{}: each thread goes on with what its own columns gave. The {} threads that share a row must "
                    "combine it first",
                    n.name, sharing));
    suspect(
        n, [=](Meeting& m) { m.from = sharing / 4; },
        fmt::format("{}: the halving begins at distance {}, so that half of the {} threads never give what they have "
                    "found. It begins at {}",
                    n.name, sharing / 4, sharing, sharing / 2));
    suspect(
        n, [](Meeting& m) { m.to = 2; },
        fmt::format("{}: the halving ends at distance 2, and what every second thread has found is missing. It ends "
                    "at 1",
                    n.name));
    suspect(
        n, [](Meeting& m) { m.known = Known::to_word_zero; },
        fmt::format("{}: each thread goes on with a word of its own. After the last halving it is word 0 alone that "
                    "holds what all have found",
                    n.name));
  }
  return std::move(matcher)
      .but_not(idea(x, sharing, [](Idea& i) { i.maxima.combine = [](float a, float b) { return a + b; }; }),
               "the threads' maxima were added: the maximum of a row is the largest of them")
      .but_not(idea(x, sharing, [](Idea& i) { i.sums.combine = [](float a, float b) { return std::fmax(a, b); }; }),
               "of the threads' sums the largest was taken: they are added");
}

/// What goes wrong with numbers that are not ordinary.
inline Matches but_not_hidden(Matches matcher, const Tensor& x, int sharing) {
  for (const float least : {1e-5f, 1e-6f, 1e-7f, 1e-8f, 1e-9f, 1e-10f, 1e-12f, 1e-20f, 1e-30f, 1e-37f, 0x1p-126f})
    std::move(matcher).but_not(
        idea(x, sharing, [=](Idea& i) { i.least_sum = least; }),
        fmt::format("the row of a NaN was divided by {:g}: fmaxf passes over NaN, also if it is to "
                    "keep a sum from 0. Ask whether the sum is 0",
                    least));
  return std::move(matcher)
      .but_not(
          idea(x, sharing, [](Idea& i) { i.masked_unless_positive = true; }),
          "rows with a NaN became zeros. A NaN makes its row NaN: it is a sum of exactly 0 that says that a row is "
          "masked. A sum of NaN is not above 0 either, and no NaN may be replaced afterwards")
      .but_not(idea(x, sharing, [](Idea& i) { i.masked_by_maximum = true; }),
               "a row of NaN and -inf became zeros. fmaxf passes over NaN, so that its maximum is -inf as well, and "
               "only a sum that is 0 says that a row is masked")
      .but_not(idea(without_nan(x), sharing, [](Idea&) {}), "a NaN was taken for -inf, and its row knows nothing of it")
      .but_not(idea(x, sharing, [](Idea& i) { i.masked = kNan; }),
               "fully masked rows are NaN; expected zeros. Their maximum is -inf, and -inf - (-inf) is NaN; and if "
               "that is avoided, their sum is 0, and 0 / 0 is NaN, too")
      .but_not(idea(x, sharing, [&](Idea& i) { i.masked = 1 / static_cast<float>(x.dim(-1)); }),
               "fully masked rows attend to everything alike; expected zeros: such a row attends to nothing");
}

/// A maximum begins at a number that logits may be below.
inline Matches but_not_another_lowest(Matches matcher, const Tensor& x, int sharing) {
  std::move(matcher).but_not(
      idea(x, sharing, [](Idea& i) { i.lowest = 0; }),
      "rows of negative logits lose their weights: a maximum began at 0 or at FLT_MIN, the smallest positive number, "
      "or "
      "a thread without columns brought it to the others. What changes no maximum is -INFINITY");
  for (const float lowest : {-100.f, -1e3f, -1e4f, -1e5f, -1e6f, -1e9f, -1e10f, -1e20f, -1e30f})
    std::move(matcher).but_not(
        idea(x, sharing, [=](Idea& i) { i.lowest = lowest; }),
        fmt::format("rows of logits below {0:g} lose their weights: does a maximum begin at {0:g}, or does {0:g} stand "
                    "for a masked logit? What changes no maximum is -INFINITY, and nothing else is masked",
                    lowest));
  return matcher;
}

/// The formula has something missing, or something else in its place.
inline Matches but_not_another_formula(Matches matcher, const Tensor& x, int sharing) {
  constexpr auto exp2 = [](float v) { return std::exp2(v); };
  std::move(matcher)
      .but_not(idea(x, sharing, [=](Idea& i) { i.of_sum = i.of_weight = exp2; }),
               "powers of 2, not of e: exp2f(v) is expf(v) only if v was multiplied by log2(e)")
      .but_not(idea(x, sharing, [=](Idea& i) { i.of_sum = exp2; }), "the sum is one of powers of 2, not of e")
      .but_not(idea(x, sharing, [](Idea& i) { i.shifted = false; }),
               "exp of a large logit is inf, and of a very low one 0: nothing was taken off the logits, or too little. "
               "Take the row's maximum off first")
      .but_not(idea(x, sharing, [](Idea& i) { i.first_is_largest = true; }),
               "the row's first logit was taken off: it is the largest one")
      .but_not(idea(x, sharing, [](Idea& i) { i.sum_shifted = false; }),
               "what was taken off in the sum is not what was taken off in the weights: take the row's maximum off "
               "once, in both")
      .but_not(idea(x, sharing, [](Idea& i) { i.size = [](float v) { return std::abs(v); }; }),
               "the largest magnitude was taken off: it is the largest logit")
      .but_not(
          [=] {
            Tensor terms = softmax_with(x, Idea(sharing));
            const auto cols = static_cast<std::size_t>(x.dim(-1));
            for (std::size_t first = 0; first < x.values().size(); first += cols) {
              const auto row = terms.values().subspan(first, cols);
              const float most = std::ranges::max(row);
              for (float& w : row) w /= most > 0 ? most : 1;
            }
            return terms;
          },
          "the largest weight of each row is 1: the exponentials were not divided by the sum of all of them")
      .but_not(
          [=] {
            return oracle::softmax(Tensor(x).reshaped({1, x.size()})).reshaped(x.shape());
          },
          "the whole matrix adds up to 1: each row is a softmax of its own")
      .but_not([=] { return transposed(softmax_with(transposed(x), Idea(1))); },
               "it is the columns that add up to 1: the softmax goes along a row");
  for (const std::int64_t columns : {32, 64, 128, 256, 512, 1024, 2048, 4096})
    if (columns != sharing)
      std::move(matcher).but_not(idea(x, sharing, [=](Idea& i) { i.columns = columns; }),
                                 fmt::format("only the first {} columns count: rows may have any length", columns));
  return std::move(matcher)
      .but_not(idea(x, sharing, [=](Idea& i) { i.columns = sharing; }),
               "only as many columns count as threads share the row: has each thread taken a single column of the row, "
               "or is the last part left out? A thread goes on to its next column, as far away as there are threads "
               "that share the row")
      .but_not(idea(x, sharing, [&](Idea& i) { i.columns = std::max<std::int64_t>(x.dim(-1) - 1, 1); }),
               "the last column of each row does not count");
}

/// All of these, for a softmax over the last axis.
inline Matches but_not_another_softmax(Matches matcher, const Tensor& x, int sharing) {
  if (x.size() == 0) return matcher;
  matcher = but_not_another_lowest(std::move(matcher), x, sharing);
  matcher = but_not_hidden(std::move(matcher), x, sharing);
  matcher = but_not_another_formula(std::move(matcher), x, sharing);
  if (sharing > 1) matcher = but_not_another_meeting(std::move(matcher), x, sharing);
  if (sharing == 32)
    std::move(matcher).but_not(
        [=] { return oracle::softmax_shuffled_down(x); },
        "only lane 0 knows what the shuffles have found: __shfl_down_sync hands values down to it, and every other "
        "lane goes on with what lies above itself. __shfl_xor_sync leaves the same number in every lane");
  return matcher;
}

}  // namespace workbook::shared_softmax
