#pragma once
/// A contract for faulty kernels: each implementation holds a few, by name, and correct ones like them.

#include <string>

#include "common/contract/contract.h"
#include "common/cuda/device_tensor.h"

namespace workbook::faults {

/// Runs one kernel of the file over 256 floats, all of them written.
void run(const std::string& name, DeviceTensor<float> x);

inline constexpr Contract<run> contract;

}  // namespace workbook::faults
