#pragma once
/// A contract that uses the simulator as lessons do: functions over tensors, which copy themselves, and functions over
/// device memory.

#include <cstdint>
#include <string>

#include "common/contract/contract.h"
#include "common/cuda/device_tensor.h"
#include "common/tensor/tensor.h"

namespace workbook::cuda_probe {

/// factor * x, elementwise; allocates, copies, launches and frees.
Tensor scaled(const Tensor& x, float factor);

/// y = x transposed, through tiles of 32 x 32 in shared memory.
void transpose(DeviceTensor<const float> x,  // [rows, cols]
               DeviceOutput<float> y,        // [cols, rows]
               bool padded,                  ///< tiles have 33 columns, so that columns lie in different banks
               cudaStream_t stream);

/// y = x reversed in blocks of 64, with a barrier between two equal guards: an optimiser makes two calls of it.
void guarded(DeviceTensor<const float> x, DeviceOutput<float> y);

/// One block of 128 for each row: a warp's lanes by shuffles, its warps through dynamic shared memory.
void row_sums(DeviceTensor<const float> x,  // [rows, cols]
              DeviceOutput<float> sums,     // [rows]
              cudaStream_t stream);

/// How many elements of x are in each unit interval, by atomics.
void histogram(DeviceTensor<const float> x, DeviceTensor<std::int32_t> counts);

/// scores = q k^T: naive with a thread for each score, or with 16 x 16 tiles of q and k in shared memory.
void scores(DeviceTensor<const float> q,  // [q_len, head_dim]
            DeviceTensor<const float> k,  // [kv_len, head_dim]
            DeviceOutput<float> s,        // [q_len, kv_len]
            bool tiled);

/// Attention of every head by tiles of 32 queries and 32 keys, with an online softmax; a block for each query tile.
void flash(DeviceTensor<const float> q,  // [heads, len, 64]
           DeviceTensor<const float> k,  // [heads, len, 64]
           DeviceTensor<const float> v,  // [heads, len, 64]
           DeviceOutput<float> o);       // [heads, len, 64]

/// A warp whose lane i reads float4s[places[i]] of shared memory, or the float2 there; lanes with place -1 read
/// nothing.
void vector_loads(DeviceTensor<const std::int32_t> places,  // [32], each less than 64
                  DeviceOutput<float> loaded,               // [32]: the mean of what each lane has read, or -1
                  int floats);                              ///< of a vector: 2 or 4

/// The same for stores: lane i fills the vector places[i] with i.
void vector_stores(DeviceTensor<const std::int32_t> places,  // [32], each less than 64, no two alike
                   DeviceOutput<float> stored,               // [64]: the mean of each vector; -1 where nobody stored
                   int floats);                              ///< of a vector: 2 or 4

/// Vector loads, constant memory, votes, block-wide counts: each at one element of the result.
Tensor language(const Tensor& x);

/// The name of the error that a launch with that many threads leaves.
std::string error_of_pointer(int bytes_too_many);

inline constexpr Contract<scaled, transpose, guarded, row_sums, histogram, scores, flash, vector_loads, vector_stores,
                          language, error_of_pointer>
    contract;

}  // namespace workbook::cuda_probe
