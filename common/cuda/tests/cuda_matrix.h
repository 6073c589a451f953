#pragma once
/// A contract that uses the second half of the device library: 16-bit numbers, groups, matrices, asynchronous copies.

#include <string>

#include "common/contract/contract.h"
#include "common/cuda/device_tensor.h"
#include "common/tensor/storage.h"

namespace workbook::cuda_matrix {

/// x rounded to __half or __nv_bfloat16, on the host.
Tensor rounded(const Tensor& x, bool bfloat);

/// How many of all 16-bit patterns do not come back from float, or of all midpoints do not go to the even neighbour.
int misrounded(bool bfloat);

/// One result for each of a few operations on the halves of two numbers.
void arithmetic(DeviceTensor<const float> x, DeviceOutput<float> y);

/// y = x + x in pairs of halves: one load and one store of 4 bytes for each thread.
void doubled_halves(DeviceTensor<const float> x, DeviceOutput<float> y);

/// Sums and maxima over tiles of 8 threads, [2, n]; then the block's number of threads.
void tiles(DeviceTensor<const float> x, DeviceOutput<float> y);

/// d = a b + c, each 16 x 16. way: "wmma row", "wmma col", "wmma bfloat", "mma", "mma padded", "mma bfloat", "elements"
/// or "bfloat elements".
void product(const std::string& way, DeviceTensor<const float> a, DeviceTensor<const float> b,
             DeviceTensor<const float> c, DeviceOutput<float> d);

/// y = 2 x, tile by tile of 64 while the next one is on its way; the last tile is filled up with zeros.
void pipelined(DeviceTensor<const float> x, DeviceOutput<float> y);

inline constexpr Contract<rounded, misrounded, arithmetic, doubled_halves, tiles, product, pipelined> contract;

}  // namespace workbook::cuda_matrix
