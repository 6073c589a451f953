#pragma once
/// A contract for kernels as they are written elsewhere: every form that the translator must take.

#include <string>

#include "common/contract/contract.h"
#include "common/cuda/device_tensor.h"

namespace workbook::accepted {

/// Turns 64 numbers around through shared memory, declared as `form` says.
void reversed(const std::string& form, DeviceTensor<const float> x, DeviceOutput<float> y);

/// y = 2 x, by a launch of that form.
void doubled(const std::string& form, DeviceTensor<const float> x, DeviceOutput<float> y);

/// In each of 32 lanes, what a group or an instruction of that name gives for its number.
void lanes(const std::string& name, DeviceTensor<const float> x, DeviceOutput<float> y);

/// d = a b + c, each 16 x 16, by instructions in inline PTX: "f16", "bf16", "f16 sums", "f16 depth 8" or "bf16 depth
/// 8".
void product(const std::string& way, DeviceTensor<const float> a, DeviceTensor<const float> b,
             DeviceTensor<const float> c, DeviceOutput<float> d);

inline constexpr Contract<reversed, doubled, lanes, product> contract;

}  // namespace workbook::accepted
