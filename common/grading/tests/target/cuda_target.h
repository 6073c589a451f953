#pragma once
/// The contract that the hostile corpus for the device pretends to implement.

#include "common/contract/contract.h"
#include "common/cuda/device_tensor.h"
#include "common/tensor/tensor.h"

namespace workbook::cuda_target {

/// y = 2 x, on the device.
void twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream);

/// The same in place.
void double_it(DeviceTensor<float> x, cudaStream_t stream);

/// The same with tensors of the host, copied there and back.
Tensor twice_over_there(const Tensor& x);

inline constexpr Contract<twice, double_it, twice_over_there> contract;

}  // namespace workbook::cuda_target
