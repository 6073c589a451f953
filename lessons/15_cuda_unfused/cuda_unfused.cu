#include "cuda_unfused.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "common/cuda/check.h"

using namespace workbook;
using namespace workbook::cuda_unfused;

namespace {

/// The thread's number in a grid of one row of blocks.
__device__ std::int64_t my_number() { return std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; }

__global__ void tiled_scores_kernel(const float* /*q_gmem*/, const float* /*k_gmem*/, float* /*scores_gmem*/,
                                    Problem /*p*/) {
  // TODO(10): __shared__ float q_smem[kTile][...], k_smem[kTile][...]; for each tile of channels: load, wait, add,
  // wait.
}

}  // namespace

Traffic cuda_unfused::traffic(Kernel /*kernel*/, const Problem& /*problem*/) {
  // TODO(1): how many threads, how many floats does each of them load and store, how many bytes are these?
  throw NotImplemented();
}

// TODO(2) to TODO(6) are a kernel above and its launch here: kernel<<<blocks, 128, 0, stream>>>(q.data(), ...), and
// then check(cudaGetLastError()).

void cuda_unfused::attention_scores(DeviceTensor<const float> /*q*/, DeviceTensor<const float> /*k*/,
                                    DeviceOutput<float> /*scores*/, cudaStream_t /*stream*/) {
  // TODO(2): which head, query and key are mine? Then their dot product.
  throw NotImplemented();
}

void cuda_unfused::scale_scores(DeviceTensor<float> /*scores*/, float /*scale*/, cudaStream_t /*stream*/) {
  // TODO(3): the first kernel of lesson 14, in place.
  throw NotImplemented();
}

void cuda_unfused::mask_scores(DeviceTensor<float> /*scores*/, cudaStream_t /*stream*/) {
  // TODO(4): -INFINITY where query i does not see key j.
  throw NotImplemented();
}

void cuda_unfused::softmax_rows(DeviceTensor<float> /*scores*/, cudaStream_t /*stream*/) {
  // TODO(5): one warp for each row, as in lesson 14, in place.
  throw NotImplemented();
}

void cuda_unfused::weighted_sum(DeviceTensor<const float> /*weights*/, DeviceTensor<const float> /*v*/,
                                DeviceOutput<float> /*out*/, cudaStream_t /*stream*/) {
  // TODO(6): which head, query and channel are mine? Then a row of weights times a column of v.
  throw NotImplemented();
}

void cuda_unfused::unfused_attention(DeviceTensor<const float> /*q*/, DeviceTensor<const float> /*k*/,
                                     DeviceTensor<const float> /*v*/, DeviceOutput<float> /*out*/,
                                     cudaStream_t /*stream*/) {
  // TODO(7): memory for the scores, the five in order, the memory freed once they are done.
  throw NotImplemented();
}

Duty cuda_unfused::duty(int /*block_x*/, int /*block_y*/, int /*thread_x*/, int /*thread_y*/) {
  // TODO(8): what do I load, and what do I compute? They are not the same key.
  throw NotImplemented();
}

int cuda_unfused::wavefronts_of_a_column(int /*pitch*/) {
  // TODO(9): which bank does each lane's word lie in, and how many lanes meet in the fullest one?
  throw NotImplemented();
}

void cuda_unfused::attention_scores_tiled(DeviceTensor<const float> /*q*/, DeviceTensor<const float> /*k*/,
                                          DeviceOutput<float> /*scores*/, cudaStream_t /*stream*/) {
  // TODO(10): tiled_scores_kernel<<<blocks, dim3(kTile, kTile), 0, stream>>>(...), with blocks a dim3 as well.
  throw NotImplemented();
}
