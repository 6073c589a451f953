#pragma once
/// Inputs, and what goes wrong on the way to the device and back.

#include <cmath>
#include <limits>

#include "common/checker/student.h"

namespace workbook::cuda_softmax {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Every third entry is -inf, and so is all of the first, the last and a middle row.
inline Tensor with_masked_entries_and_rows(Tensor x) {
  const std::int64_t rows = x.dim(0), start = random_integer(0, 2);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < x.dim(1); ++j)
      if ((i + j + start) % 3 == 0 || i == 0 || i == rows / 2 || i == rows - 1) x.at(i, j) = -kInfinity;
  return x;
}

inline Tensor plus(Tensor x, float offset) {
  for (float& value : x.values()) value += offset;
  return x;
}

/// Far below 0, where a maximum that began at 0 leaves no weight at all.
inline Tensor lowered(const Tensor& x, float by) { return plus(x, -by); }

/// Whether the first elements are right and all others never came: NaN as fresh device memory, or 0 as a new tensor.
inline bool only_first(const Tensor64& got, const Tensor64& expected, std::int64_t count) {
  if (got.shape() != expected.shape() || count <= 0 || count >= got.size()) return false;
  for (std::int64_t n = 0; n < got.size(); ++n) {
    const double value = got.data()[n];
    if (n < count ? std::abs(value - expected.data()[n]) > 1e-4 * (1 + std::abs(expected.data()[n]))
                  : value != 0 && !std::isnan(value))
      return false;
  }
  return true;
}

/// What goes wrong on the way to the device and back, whatever is computed there. `in_whole_blocks` elements are those
/// that a launch with too few blocks computes.
inline Matches but_not_lost_on_the_way(Matches right, const Tensor64& expected, std::int64_t in_whole_blocks) {
  return std::move(right)
      .but_not([=] { return Tensor64(expected.shape()); },
               "nothing but zeros, which is what the result held before: what the kernel wrote is still on the device. "
               "Copy it back, cudaMemcpyDeviceToHost, when the kernel has been launched")
      .but_if([=](const Tensor64& got) { return only_first(got, expected, in_whole_blocks); },
              "the last elements were never computed: the number of blocks was rounded down, and the last block, which "
              "is not full, is missing. Round up, and let the threads that stick out do nothing")
      .but_if([=](const Tensor64& got) { return only_first(got, expected, expected.size() / 4); },
              "only the first quarter came across: CUDA counts bytes, and a float has 4")
      .but_if(
          [=](const Tensor64& got) {
            return got.size() > 0 && std::ranges::all_of(got.values(), [](double x) { return std::isnan(x); });
          },
          "all NaN: fresh device memory holds that in the simulator. Did x get there, and did the kernel run?");
}

inline Tensor64 times(const Tensor& x, float factor) {
  Tensor64 result(x.shape());
  for (std::int64_t n = 0; n < x.size(); ++n) result.data()[n] = double{factor * x.data()[n]};
  return result;
}

/// Matches factor * x in every bit.
inline Matches is_scaled(const Tensor& x, float factor) {
  const Tensor64 expected = times(x, factor);
  return but_not_lost_on_the_way(matches(expected, exact()), expected, x.size() / kBlock * kBlock);
}

}  // namespace workbook::cuda_softmax
