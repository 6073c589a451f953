#pragma once
/// What a softmax kernel should return, and what one with a wrong idea returns.

#include <fmt/format.h>

#include "common/checker/shared_softmax.h"
#include "copies.h"

namespace workbook::cuda_softmax {

using namespace shared_softmax;

/// Matches the softmax of each row of x, of whichever kernel. `sharing` threads share a row.
inline Matches is_softmax(const Tensor& x, int sharing) {
  constexpr int kExpUlps = 2;  // on a GPU; in the simulator expf is right to 1
  Matches matcher = matches(oracle::softmax(x), oracle::softmax_rounding(x.dim(1), kExpUlps));
  return but_not_another_softmax(std::move(matcher), x, sharing);
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
  Matches matcher =
      but_not_another_lowest(matches(oracle::softmax(x), exact("e^0 / e^0 is 1 without any rounding")), x, sharing<F>);
  for (const float added : {1e-3f, 1e-4f, 1e-5f, 1e-6f, 1e-7f})
    std::move(matcher).but_not(
        idea(x, sharing<F>, [=](Idea& i) { i.added = added; }),
        fmt::format("about {:g} was added to the sum: then the weights of a row no longer add up to 1. A sum of 0, of "
                    "a masked row, is to be asked for",
                    added));
  std::move(matcher).but_not([&] { return plus(Tensor(x.shape()), 1); },
                             "1 for every row: the weight of a masked logit is 0");
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

/// The launch is refused, or one of the allocations.
template <auto F>
void check_refusals() {
  const Tensor x = random_normal({3, 5});
  CHECK_THAT([&] { student<F>(x); }, throws_if_launch_is_refused());
  CHECK_THAT([&] { student<F>(x); }, throws_if_allocation_is_refused(1));
  CHECK_THAT([&] { student<F>(x); }, throws_if_allocation_is_refused(2));
}

/// Two calls with matrices of the same shape.
template <auto F>
void check_two_calls(const Tensor& first, const Tensor& second) {
  const Tensor before = check_softmax<F>(first), y = student<F>(second);
  CHECK_THAT(y, is_softmax(second, sharing<F>).but_not([=] { return before; }, kOfTheCallBefore));
  check_done_on_device(second, y);
}

}  // namespace workbook::cuda_softmax
