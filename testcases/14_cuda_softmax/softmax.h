#pragma once
/// What a softmax kernel should return, and what one with a wrong idea returns.

#include <fmt/format.h>

#include "common/checker/shared_softmax.h"
#include "copies.h"

namespace workbook::cuda_softmax {

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
  const Tensor x = one_column(), y = student<F>(x);
  CHECK_THAT(y, is_one_column(x, sharing<F>));
  check_done_on_device(x, y);
}

/// A +inf in row 1.
template <auto F>
void check_infinity(Tensor x, std::int64_t column) {
  x.at(1, column) = kInfinity;
  const Tensor y = student<F>(x);
  CHECK_THAT(y, has_an_infinity(x, y, column));
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
