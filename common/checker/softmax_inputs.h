#pragma once
/// Logits at the extremes, where a softmax with a wrong idea shows, and what it should make of them.

#include <array>

#include "common/checker/shared_softmax.h"

namespace workbook::shared_softmax {

inline const std::string kOfTheCallBefore =
    "this is what the call before has returned: nothing may be kept from call to call";

/// The largest logit of each row in one column, in rows of other sizes: too large for exp of itself, of its distance
/// from the others, of both or of neither. In the last row, the first logit is far below the others.
inline Tensor with_a_peak(Tensor x, std::int64_t column) {
  constexpr std::array bases{0.f, 0.f, 100.f, 100.f, 0.f}, above{6.f, 150.f, 50.f, 200.f, 6.f};
  for (std::int64_t i = 0; i < x.dim(0); ++i) {
    for (float& value : x.row(i)) value += bases[i];
    if (i == 4) x.at(i, 0) = -95;
    x.at(i, column) = bases[i] + above[i];
  }
  return x;
}

/// Rows around offsets of up to +-1000, and row 1 around -60: what takes too much off shows there, too.
inline Tensor large_logits(const Shape& shape) {
  Tensor x = random_large_logits(shape);
  const Tensor low = plus(random_normal({1, shape[1]}), -60);
  for (std::int64_t j = 0; j < shape[1]; ++j) x.at(1, j) = low.at(0, j);
  return x;
}

/// One NaN, in row 2.
inline Tensor with_a_nan(Tensor x, std::int64_t column) {
  x.at(2, column) = std::numeric_limits<float>::quiet_NaN();
  return x;
}

/// Rows whose largest logit lies anywhere below 0, down to where floats end; in rows far down all logits are alike, and
/// one is masked. The last row lies above 0.
inline Tensor low_rows(std::int64_t cols) {
  constexpr std::array bases{-50.f, -200.f, -2e3f, -2e4f, -2e5f, -2e6f, -2e9f, -2e10f, -2e20f, -2e30f, -3e38f, 150.f};
  Tensor x = random_normal({std::ssize(bases), cols});
  for (std::int64_t i = 0; i < x.dim(0); ++i)
    for (std::int64_t j = 0; j < cols; ++j)
      x.at(i, j) = std::abs(bases[i]) < 1e6f   ? bases[i] + x.at(i, j)
                   : j == i % cols && cols > 1 ? -kInfinity
                                               : bases[i];
  return x;
}

/// Rows of one column, one of them masked.
inline Tensor one_column() {
  return Tensor({16, 1}, {0.25f, -3, 88, 1000, -200, -2e3f, -2e4f, -2e5f, -2e6f, -2e9f, -2e10f, -2e20f, -2e30f, -3e38f,
                          3e38f, -kInfinity});
}

/// NaNs in row 2, which is ordinary, in row 3, of which the others are masked, and in row 4, which has nothing else.
inline Tensor with_nans(Tensor x, std::int64_t column) {
  for (std::int64_t j = 0; j < x.dim(1); ++j) x.at(3, j) = -kInfinity, x.at(4, j) = std::nanf("");
  x.at(3, column) = std::nanf("");
  return with_a_nan(std::move(x), column);
}

/// Matches the weights of one_column().
inline Matches is_one_column(const Tensor& x, int sharing) {
  Matches matcher =
      but_not_another_lowest(matches(oracle::softmax(x), exact("e^0 / e^0 is 1 without any rounding")), x, sharing);
  for (const float added : {1e-3f, 1e-4f, 1e-5f, 1e-6f, 1e-7f})
    std::move(matcher).but_not(
        idea(x, sharing, [=](Idea& i) { i.added = added; }),
        fmt::format(
            "about {:g} was added to the sum: then the weights of a row no longer add up to 1. A sum of 0, of a "
            "masked row, is to be asked for",
            added));
  return std::move(matcher).but_not([=] { return plus(Tensor(x.shape()), 1); },
                                    "1 for every row: the weight of a masked logit is 0");
}

/// Matches the weights y of x, which has a +inf in row 1. Beside it, both 0 and NaN will do.
inline Matches has_an_infinity(const Tensor& x, const Tensor& y, std::int64_t column) {
  Tensor64 expected = oracle::softmax(x);
  for (std::int64_t j = 0; j < x.dim(1) && y.shape() == x.shape(); ++j)
    if (const float w = y.at(1, j); j != column && (w == 0 || std::isnan(w))) expected.at(1, j) = w;
  const auto row_of = [=](double its) {
    return [=] {
      Tensor64 wrong = expected;
      for (double& w : wrong.row(1)) w = 0;
      wrong.at(1, column) = its;
      return wrong;
    };
  };
  const std::string why = ". A +inf among the logits is a bug upstream, and its weight is NaN so that somebody sees it";
  return matches(expected, oracle::softmax_rounding(x.dim(1), 2))
      .but_not(row_of(0), "a row with +inf became zeros" + why)
      .but_not(row_of(1), "a +inf has the whole weight of its row" + why);
}

}  // namespace workbook::shared_softmax
