#include "cuda_fused.h"

#include <algorithm>
#include <cmath>

#include "common/cuda/check.h"

using namespace workbook;
using namespace workbook::cuda_fused;

namespace {

/// scores[j] = scale q k_j for every key, by one block. q and the scores are in shared memory.
__device__ void score_keys(float* /*scores_smem*/, const float* /*q_smem*/, const float* /*k_gmem*/, int /*keys*/,
                           int /*head_dim*/, float /*scale*/) {
  // TODO(2): eight lanes share a key; they read neighbouring pieces of its row and add up what they have.
}

/// out = factor * the sum of weight_j v_j, by one block. `partial_smem` has a row for each warp.
__device__ void weigh_values(float* /*out_gmem*/, const float* /*weights_smem*/, const float* /*v_gmem*/,
                             float* /*partial_smem*/, int /*keys*/, int /*head_dim*/, float /*factor*/) {
  // TODO(3): warps share the keys, lanes the channels; the warps' sums meet in shared memory.
}

/// What the kernels below have in shared memory. The query begins at a multiple of 16 bytes.
struct Shared {
  float* row;      // [keys]: scores, then weights
  float* query;    // [head_dim]
  float* partial;  // [warps, head_dim]
};

__host__ __device__ int whole_float4s(int floats) { return (floats + 3) / 4 * 4; }

__device__ Shared shared_memory(float4* smem, int keys, int head_dim) {
  float* const row = reinterpret_cast<float*>(smem);
  return {row, row + whole_float4s(keys), row + whole_float4s(keys) + whole_float4s(head_dim)};
}

std::size_t shared_bytes(int keys, int head_dim) {
  return sizeof(float) *
         static_cast<std::size_t>(whole_float4s(keys) + whole_float4s(head_dim) + kThreads / 32 * head_dim);
}

__global__ void __launch_bounds__(kThreads)
    query_scores_kernel(const float* q_gmem, const float* k_gmem, float* scores_gmem, int keys, int head_dim,
                        float scale) {
  extern __shared__ float4 smem[];
  const Shared shared = shared_memory(smem, keys, head_dim);
  for (int c = threadIdx.x; c < head_dim; c += kThreads) shared.query[c] = q_gmem[c];
  __syncthreads();
  score_keys(shared.row, shared.query, k_gmem, keys, head_dim, scale);
  __syncthreads();
  for (int j = threadIdx.x; j < keys; j += kThreads) scores_gmem[j] = shared.row[j];
}

__global__ void __launch_bounds__(kThreads)
    weighted_values_kernel(const float* weights_gmem, const float* v_gmem, float* out_gmem, int keys, int head_dim) {
  extern __shared__ float4 smem[];
  const Shared shared = shared_memory(smem, keys, head_dim);
  for (int j = threadIdx.x; j < keys; j += kThreads) shared.row[j] = weights_gmem[j];
  __syncthreads();
  weigh_values(out_gmem, shared.row, v_gmem, shared.partial, keys, head_dim, 1);
}

// TODO(4): fused_kernel, with a block for each query: the two above, and between them the softmax of lesson 14.

}  // namespace

Traffic cuda_fused::traffic(const Problem& /*problem*/) {
  // TODO(1): what does the block of one query load and store, and how many keys does the query see?
  throw NotImplemented();
}

void cuda_fused::query_scores(DeviceTensor<const float> q, DeviceTensor<const float> k, DeviceOutput<float> scores,
                              float scale, cudaStream_t stream) {
  throw NotImplemented();  // delete this line when TODO(2) is done
  const int keys = k.extent(0), head_dim = k.extent(1);
  query_scores_kernel<<<1, kThreads, shared_bytes(keys, head_dim), stream>>>(q.data(), k.data(), scores.data(), keys,
                                                                             head_dim, scale);
  check(cudaGetLastError());
}

void cuda_fused::weighted_values(DeviceTensor<const float> weights, DeviceTensor<const float> v,
                                 DeviceOutput<float> out, cudaStream_t stream) {
  throw NotImplemented();  // delete this line when TODO(3) is done
  const int keys = v.extent(0), head_dim = v.extent(1);
  weighted_values_kernel<<<1, kThreads, shared_bytes(keys, head_dim), stream>>>(weights.data(), v.data(), out.data(),
                                                                                keys, head_dim);
  check(cudaGetLastError());
}

void cuda_fused::fused_attention(DeviceTensor<const float> /*q*/, DeviceTensor<const float> /*k*/,
                                 DeviceTensor<const float> /*v*/, DeviceOutput<float> /*out*/, Mask /*mask*/,
                                 cudaStream_t /*stream*/) {
  // TODO(4): blocks for q_len queries, heads and batch; refuse what does not fit into shared memory.
  throw NotImplemented();
}
