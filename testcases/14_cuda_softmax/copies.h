#pragma once
/// Inputs, and what goes wrong on the way to the device and back.

#include <cmath>
#include <limits>

#include "common/checker/softmax_inputs.h"

namespace workbook::cuda_softmax {

using namespace shared_softmax;

/// Rows in turn a little below 0, far below and far above: a maximum that begins at 0 takes all weights from the
/// second, and exp of a logit as it is makes the third inf.
inline Tensor far_from_zero(Tensor x) {
  for (std::int64_t i = 0; i < x.dim(0); ++i)
    for (float& value : x.row(i)) value += i % 3 == 0 ? -60 : i % 3 == 1 ? -200 : 150;
  return x;
}

inline Tensor64 times(const Tensor& x, float factor) {
  Tensor64 result(x.shape());
  for (std::int64_t n = 0; n < x.size(); ++n) result.values()[n] = double{factor * x.values()[n]};
  return result;
}

/// Matches factor * x in every bit.
inline Matches is_scaled(const Tensor& x, float factor) {
  Matches matcher = matches(times(x, factor), exact());
  if (factor == 0)
    std::move(matcher).but_not([=] { return Tensor64(x.shape()); },
                               "nothing but zeros. A factor of 0 does not make zeros of everything: 0 times infinity "
                               "and 0 times NaN are NaN");
  if (x.size() > 1)
    std::move(matcher).but_not(
        [=] { return Tensor64(x.shape()); },
        "nothing but zeros, which is what the result held before: what the kernel wrote is still on the device. "
        "Copy it back, cudaMemcpyDeviceToHost, when the kernel has been launched");
  return std::move(matcher)
      .but_not([=] { return times(x, 1); }, "this is x: was it y_gmem that was copied back?")
      .but_not([=] { return times(x, std::trunc(factor)); }, "the factor was cut to a whole number: it is a float")
      .but_not([=] { return times(x, factor * factor); }, "multiplied twice: one thread has one element, once");
}

/// A kernel has computed y from x, both on the device. Only the simulator can tell.
inline void check_done_on_device(const Tensor& x, const Tensor& y) {
  CHECK_THAT(evidence().counts().cuda, DoneOnDevice(x.values(), y.values()));
}

/// Calls scaled() and checks what it returns, and where it was computed.
inline Tensor check_scaled(const Tensor& x, float factor) {
  const Tensor y = student<scaled>(x, factor);
  CHECK_THAT(y, is_scaled(x, factor));
  check_done_on_device(x, y);
  return y;
}

/// The simulator takes device memory from the process that limit_memory() bounds, and ten times as much to know what
/// was written where. So 4 MiB are there thrice on the host, and not once on the device.
inline void check_that_no_memory_is_an_error() {
  limit_memory(20 << 20);
  std::string told;
  try {
    student<scaled>(Tensor({1 << 20}), 2);
    told = "nothing";
    if (!evidence().metered())
      return session().note(Verdict::not_verifiable_here, "memory is not limited in this kind of run");
  } catch (const Stopped&) {
    throw;
  } catch (const std::runtime_error& error) {
    told = error.what();
  }
  const bool named = told.find("cudaErrorMemoryAllocation") != told.npos || told.find("out of memory") != told.npos;
  CHECK_THAT(named, otherwise("threw " + told +
                              "; expected a std::runtime_error that names what cudaMalloc has returned, "
                              "cudaErrorMemoryAllocation: check() throws it"));
}

}  // namespace workbook::cuda_softmax
