#include "cuda_paged_decode.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cmath>

#include "common/cuda/check.h"

using namespace workbook;
using namespace workbook::cuda_paged_decode;

namespace {

// TODO(4): a kernel, a block for each token: which page and which place is its slot, and where do its rows lie?

// TODO(5): a device function that scores the tokens of one page with all heads of the group. A thread keeps its part of
// one key in registers, and multiplies it with the query of every head.
// TODO(6): one that turns these scores into weights, and tells by how much everything before shrinks.
// TODO(7): one that adds weights times values to the outputs of all heads of the group.

/// A block has one part of the keys of one KV head, and all query heads that read it. Blocks: (parts, kv_heads, batch).
template <class T>
__global__ void __launch_bounds__(kThreads)
    decode_kernel(const T* /*q_gmem*/, const T* /*cache_gmem*/, const std::int32_t* /*table_gmem*/,
                  const std::int32_t* /*length_gmem*/, T* /*out_gmem*/, float* /*lse_gmem*/, int /*heads*/,
                  int /*kv_heads*/, int /*head_dim*/, int /*max_pages*/, float /*scale*/) {
  // TODO(8): the walk over the pages of the block's part, with three barriers; then divide, and store the log-sum-exp.
}

// TODO(11): a kernel, a block for each query head: what does each part weigh?

}  // namespace

Place PageAllocator::append(int /*sequence*/) {
  // TODO(1): is a page needed, and is there one to copy from?
  throw NotImplemented();
}

int PageAllocator::fork(int /*sequence*/) {
  // TODO(2): one owner more for each page.
  throw NotImplemented();
}

void PageAllocator::free(int /*sequence*/) {
  // TODO(3): one owner less. When is a page free?
  throw NotImplemented();
}

void cuda_paged_decode::write_kv(DeviceTensor<const float> /*k*/, DeviceTensor<const float> /*v*/, DeviceInts /*slots*/,
                                 DeviceTensor<float> /*cache*/, cudaStream_t /*stream*/) {
  // TODO(4): as many blocks as tokens.
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
  // TODO(9): q.as<const __half>() and out.as<__half>() are what a kernel takes.
  throw NotImplemented();
}

void cuda_paged_decode::paged_decode_bf16(DeviceTensor<const bfloat16> /*q*/, DeviceTensor<const bfloat16> /*cache*/,
                                          DeviceInts /*block_table*/, DeviceInts /*lengths*/,
                                          DeviceOutput<bfloat16> /*out*/, DeviceOutput<float> /*lse*/,
                                          cudaStream_t /*stream*/) {
  // TODO(9): the same with __nv_bfloat16.
  throw NotImplemented();
}

int cuda_paged_decode::split_count(int /*batch*/, int /*kv_heads*/, int /*longest_length*/, int /*multiprocessors*/) {
  // TODO(10): as many as fit at once, but no part too short.
  throw NotImplemented();
}

void cuda_paged_decode::merge_parts(DeviceTensor<const float> /*part_out*/, DeviceTensor<const float> /*part_lse*/,
                                    DeviceOutput<float> /*out*/, DeviceOutput<float> /*lse*/, cudaStream_t /*stream*/) {
  // TODO(11): one launch.
  throw NotImplemented();
}

void cuda_paged_decode::paged_decode_split(DeviceTensor<const float> /*q*/, DeviceTensor<const float> /*cache*/,
                                           DeviceInts /*block_table*/, DeviceInts /*lengths*/,
                                           DeviceOutput<float> /*part_out*/, DeviceOutput<float> /*part_lse*/,
                                           DeviceOutput<float> /*out*/, DeviceOutput<float> /*lse*/,
                                           cudaStream_t /*stream*/) {
  // TODO(12): decode_kernel in a wider grid, then merge_parts.
  throw NotImplemented();
}
