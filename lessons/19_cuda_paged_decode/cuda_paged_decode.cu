#include "cuda_paged_decode.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cmath>

#include "common/cuda/check.h"

using namespace workbook;
using namespace workbook::cuda_paged_decode;

namespace {

/// A block writes one token's keys, or its values. Blocks: (tokens, 2).
__global__ void __launch_bounds__(kThreads)
    write_kv_kernel(const float* /*k_gmem*/, const float* /*v_gmem*/, const std::int32_t* /*slots_gmem*/,
                    float* /*cache_gmem*/, int /*kv_heads*/, int /*head_dim*/) {
  // TODO(4): which page and which place is the slot, and where do its rows lie?
}

// TODO(5): a device function that scores the tokens of one page with all heads of the group. A thread keeps its part of
// one key in registers, and multiplies it with the query of every head.
// TODO(6): one that turns these scores into weights, and tells how much everything before shrinks: an online softmax.
// TODO(7): one that adds weights times values to the outputs of all heads of the group.

/// A block has one part of the keys of one KV head, and all query heads that read it. Blocks: (parts, kv_heads, batch).
template <class T>
__global__ void __launch_bounds__(kThreads)
    decode_kernel(const T* /*q_gmem*/, const T* /*cache_gmem*/, const std::int32_t* /*table_gmem*/,
                  const std::int32_t* /*length_gmem*/, T* /*out_gmem*/, float* /*lse_gmem*/, int /*heads*/,
                  int /*kv_heads*/, int /*head_dim*/, int /*max_pages*/, float /*scale*/) {
  // TODO(8): the walk over the pages of the block's part, with three barriers; then divide, and store the log-sum-exp.
}

/// A block for each query head. Blocks: (heads, batch).
__global__ void __launch_bounds__(kThreads)
    merge_kernel(const float* /*part_out_gmem*/, const float* /*part_lse_gmem*/, float* /*out_gmem*/,
                 float* /*lse_gmem*/, int /*parts*/, int /*head_dim*/) {
  // TODO(11): what does each part weigh?
}

}  // namespace

Place PageAllocator::append(int /*sequence*/) {
  // TODO(1): is a page needed, and is it one to copy to?
  throw NotImplemented();
}

int PageAllocator::fork(int /*sequence*/) {
  // TODO(2): one more owner for each page.
  throw NotImplemented();
}

void PageAllocator::free(int /*sequence*/) {
  // TODO(3): one owner less. When is a page free?
  throw NotImplemented();
}

void cuda_paged_decode::write_kv(DeviceTensor<const float> /*k*/, DeviceTensor<const float> /*v*/, DeviceInts /*slots*/,
                                 DeviceTensor<float> /*cache*/, cudaStream_t /*stream*/) {
  // TODO(4)
  throw NotImplemented();
}

void cuda_paged_decode::paged_decode(DeviceTensor<const float> /*q*/, DeviceTensor<const float> /*cache*/,
                                     DeviceInts /*block_table*/, DeviceInts /*lengths*/, DeviceOutput<float> /*out*/,
                                     DeviceOutput<float> /*lse*/, cudaStream_t /*stream*/) {
  // TODO(8): refuse what is not allowed; how many blocks, how many bytes of shared memory?
  throw NotImplemented();
}

void cuda_paged_decode::paged_decode_f16(DeviceTensor<const float16> /*q*/, DeviceTensor<const float16> /*cache*/,
                                         DeviceInts /*block_table*/, DeviceInts /*lengths*/,
                                         DeviceOutput<float16> /*out*/, DeviceOutput<float> /*lse*/,
                                         cudaStream_t /*stream*/) {
  // TODO(9): q.as<const __half>() is what a kernel takes.
  throw NotImplemented();
}

void cuda_paged_decode::paged_decode_bf16(DeviceTensor<const bfloat16> /*q*/, DeviceTensor<const bfloat16> /*cache*/,
                                          DeviceInts /*block_table*/, DeviceInts /*lengths*/,
                                          DeviceOutput<bfloat16> /*out*/, DeviceOutput<float> /*lse*/,
                                          cudaStream_t /*stream*/) {
  // TODO(9): q.as<const __nv_bfloat16>() is what a kernel takes.
  throw NotImplemented();
}

int cuda_paged_decode::split_count(int /*batch*/, int /*kv_heads*/, int /*longest_length*/, int /*multiprocessors*/) {
  // TODO(10): as many as fit at once, but no part too short.
  throw NotImplemented();
}

void cuda_paged_decode::merge_parts(DeviceTensor<const float> /*part_out*/, DeviceTensor<const float> /*part_lse*/,
                                    DeviceOutput<float> /*out*/, DeviceOutput<float> /*lse*/, cudaStream_t /*stream*/) {
  // TODO(11)
  throw NotImplemented();
}

void cuda_paged_decode::paged_decode_split(DeviceTensor<const float> /*q*/, DeviceTensor<const float> /*cache*/,
                                           DeviceInts /*block_table*/, DeviceInts /*lengths*/,
                                           DeviceOutput<float> /*part_out*/, DeviceOutput<float> /*part_lse*/,
                                           DeviceOutput<float> /*out*/, DeviceOutput<float> /*lse*/,
                                           cudaStream_t /*stream*/) {
  // TODO(12): the same kernel in a wider grid, then TODO(11).
  throw NotImplemented();
}
