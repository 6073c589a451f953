#pragma once
/// What a softmax kernel should return, and what one with a wrong idea returns.

#include <fmt/format.h>

#include "common/oracle/softmax.h"
#include "common/oracle/warp_softmax.h"
#include "copies.h"
#include "ideas.h"

namespace workbook::cuda_softmax {

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
  return std::move(matcher)
      .but_not(idea(x, sharing, [](Idea& i) { i.masked_unless_positive = true; }),
               "rows with a NaN became zeros. A NaN makes its row NaN: only a sum that is 0 says that a row is masked, "
               "and a comparison such as sum > 0 is false for NaN as well")
      .but_not(idea(x, sharing, [](Idea& i) { i.masked_by_maximum = true; }),
               "a row of NaN and -inf became zeros. fmaxf passes over NaN, so that its maximum is -inf as well, and "
               "only a sum that is 0 says that a row is masked")
      .but_not(idea(without_nan(x), sharing, [](Idea&) {}), "a NaN was taken for -inf, and its row knows nothing of it")
      .but_not(idea(x, sharing, [](Idea& i) { i.masked = kNan; }),
               "fully masked rows are NaN; expected zeros. Their maximum is -inf, and -inf - (-inf) is NaN; and if "
               "that is avoided, their sum is 0, and 0 / 0 is NaN, too")
      .but_not(idea(x, sharing, [&](Idea& i) { i.masked = 1 / static_cast<float>(x.dim(1)); }),
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
               "the sum is one of exponentials of the logits as they are: take the row's maximum off there, too")
      .but_not(idea(x, sharing, [](Idea& i) { i.size = [](float v) { return std::abs(v); }; }),
               "the largest magnitude was taken off: it is the largest logit")
      .but_not(
          [=] {
            Tensor terms = softmax_with(x, Idea(sharing));
            for (std::int64_t i = 0; i < x.dim(0); ++i) {
              const float most = std::ranges::max(terms.row(i));
              for (float& w : terms.row(i)) w /= most > 0 ? most : 1;
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
               "each thread has taken a single column of the row: it goes on to the next, as far away as there are "
               "threads that share the row")
      .but_not(idea(x, sharing, [&](Idea& i) { i.columns = x.dim(1) - 1; }),
               "the last column of each row does not count");
}

/// Matches the softmax of each row of x, of whichever kernel. `sharing` threads share a row.
inline Matches is_softmax(const Tensor& x, int sharing, Tolerance tolerance) {
  Matches matcher = matches(oracle::softmax(x), std::move(tolerance));
  if (x.size() == 0) return matcher;
  matcher = but_not_another_lowest(std::move(matcher), x, sharing);
  matcher = but_not_hidden(std::move(matcher), x, sharing);
  if (sharing > 1) matcher = but_not_another_meeting(std::move(matcher), x, sharing);
  matcher = but_not_another_formula(std::move(matcher), x, sharing);
  if (sharing == kWarp)
    std::move(matcher).but_not(
        [=] { return oracle::softmax_shuffled_down(x); },
        "only lane 0 knows what the shuffles have found: __shfl_down_sync hands values down to it, and every other "
        "lane goes on with what lies above itself. __shfl_xor_sync leaves the same number in every lane");
  return matcher;
}
inline Matches is_softmax(const Tensor& x, int sharing) {
  constexpr int kExpUlps = 2;  // on a GPU; in the simulator expf is right to 1
  return is_softmax(x, sharing, oracle::softmax_rounding(x.dim(1), kExpUlps));
}

/// How many threads share a row in F.
template <auto F>
inline constexpr int sharing = kBlock;
template <>
inline constexpr int sharing<softmax_thread_per_row> = 1;
template <>
inline constexpr int sharing<softmax_warp_per_row> = kWarp;

template <auto F>
Tensor check_softmax(const Tensor& x) {
  const Tensor y = student<F>(x);
  CHECK_THAT(y, is_softmax(x, sharing<F>));
  check_done_on_device(x, y);
  return y;
}

/// Rows of one logit: what is added to the sum, or where a maximum begins, shows in the last bit.
template <auto F>
void check_one_column() {
  const Tensor x = one_column();
  Matches matcher = is_softmax(x, sharing<F>, exact("e^0 / e^0 is 1 without any rounding"));
  for (const float added : {1e-3f, 1e-4f, 1e-5f, 1e-6f, 1e-7f})
    std::move(matcher).but_not(
        idea(x, sharing<F>, [=](Idea& i) { i.added = added; }),
        fmt::format("about {:g} was added to the sum: then the weights of a row no longer add up to 1. A sum of 0, of "
                    "a masked row, is to be asked for",
                    added));
  std::move(matcher).but_not([&] { return plus(Tensor(x.shape()), 1); },
                             "1 for every row: a row of a masked logit has none, and one of a NaN is NaN");
  const Tensor y = student<F>(x);
  CHECK_THAT(y, std::move(matcher));
  check_done_on_device(x, y);
}

/// A +inf in row 1. Beside it, both 0 and NaN will do.
template <auto F>
void check_infinity(Tensor x, std::int64_t column) {
  x.at(1, column) = kInfinity;
  const Tensor y = student<F>(x);
  REQUIRE(y.shape() == x.shape());
  Tensor64 expected = oracle::softmax(x);
  for (std::int64_t j = 0; j < x.dim(1); ++j)
    if (const float w = y.at(1, j); j != column && (w == 0 || std::isnan(w))) expected.at(1, j) = w;
  const auto row_of = [=](float all, float its) {
    return [=] {
      Tensor64 wrong = expected;
      for (double& w : wrong.row(1)) w = all;
      wrong.at(1, column) = its;
      return wrong;
    };
  };
  const std::string why = ". A +inf among the logits is a bug upstream, and its weight is NaN so that somebody sees it";
  CHECK_THAT(y, matches(expected, oracle::softmax_rounding(x.dim(1), 2))
                    .but_not(row_of(0, 0), "a row with +inf became zeros" + why)
                    .but_not(row_of(0, 1), "a +inf has the whole weight of its row" + why));
}

/// Two calls with matrices of the same shape.
template <auto F>
void check_two_calls(const Tensor& first, const Tensor& second) {
  const Tensor before = check_softmax<F>(first), y = student<F>(second);
  CHECK_THAT(y, is_softmax(second, sharing<F>).but_not([=] { return before; }, kOfTheCallBefore));
  check_done_on_device(second, y);
}

}  // namespace workbook::cuda_softmax
