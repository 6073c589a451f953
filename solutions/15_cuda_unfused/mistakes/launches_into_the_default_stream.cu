// Mistake: a kernel is launched without the stream.
// Caught by: "scale multiplies every score"  [basic]
// Told as: "is launched into the default stream; expected the stream that the function was given"
#include "cuda_unfused.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "common/cuda/check.h"

using namespace workbook;
using namespace workbook::cuda_unfused;

namespace {

constexpr int kWarp = 32;
constexpr int kBlock = 128;        // threads of a block, where one thread has one element
constexpr int kPitch = kTile + 1;  // floats from row to row of a tile of keys: odd, so that a column is in 32 banks
constexpr unsigned kAllLanes = 0xffffffff;

/// How many blocks of `per_block` it takes to hold `count`.
unsigned blocks_for(std::int64_t count, int per_block) {
  return static_cast<unsigned>((count + per_block - 1) / per_block);
}

/// The extents, from [heads, q_len, head_dim] and [heads, kv_len, head_dim].
Problem problem_of(const DeviceTensor<const float>& q, const DeviceTensor<const float>& k) {
  return {q.extent(0), q.extent(1), k.extent(1), q.extent(2)};
}

/// The thread's number in a grid of one row of blocks.
__device__ std::int64_t my_number() { return std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; }

/// How many of a row's scores, from the first on, query i sees. Its position is i + kv_len - q_len.
__host__ __device__ int visible_keys(std::int64_t i, int q_len, int kv_len) {
  const std::int64_t visible = i + 1 + kv_len - q_len;
  return static_cast<int>(visible < 0 ? 0 : visible);  // i < q_len, so never more than kv_len
}

__global__ void __launch_bounds__(kBlock)
    scores_kernel(const float* __restrict__ q_gmem, const float* __restrict__ k_gmem, float* __restrict__ scores_gmem,
                  Problem p) {
  const std::int64_t n = my_number();  // of [heads, q_len, kv_len]
  if (n >= std::int64_t{p.heads} * p.q_len * p.kv_len) return;
  const std::int64_t query = n / p.kv_len, key = query / p.q_len * p.kv_len + n % p.kv_len;  // rows of q and k
  float score = 0;
  for (int c = 0; c < p.head_dim; ++c) score += q_gmem[query * p.head_dim + c] * k_gmem[key * p.head_dim + c];
  scores_gmem[n] = score;
}

__global__ void __launch_bounds__(kBlock) scale_kernel(float* scores_gmem, std::int64_t count, float scale) {
  const std::int64_t n = my_number();
  if (n < count) scores_gmem[n] *= scale;
}

__global__ void __launch_bounds__(kBlock) mask_kernel(float* scores_gmem, std::int64_t count, int q_len, int kv_len) {
  const std::int64_t n = my_number();
  if (n < count && n % kv_len >= visible_keys(n / kv_len % q_len, q_len, kv_len)) scores_gmem[n] = -INFINITY;
}

struct Max {
  __device__ float operator()(float a, float b) const { return fmaxf(a, b); }
};
struct Sum {
  __device__ float operator()(float a, float b) const { return a + b; }
};

template <class Combine>
__device__ float over_warp(float mine, Combine combine) {
  for (int distance = kWarp / 2; distance > 0; distance /= 2)
    mine = combine(mine, __shfl_xor_sync(kAllLanes, mine, distance));
  return mine;
}

__global__ void __launch_bounds__(kBlock) softmax_kernel(float* scores_gmem, std::int64_t rows, int cols) {
  const std::int64_t row = my_number() / kWarp;
  if (row >= rows) return;  // the whole warp
  const int lane = threadIdx.x % kWarp;
  float* row_gmem = scores_gmem + row * cols;
  float largest = -INFINITY, sum = 0;
  for (int j = lane; j < cols; j += kWarp) largest = fmaxf(largest, row_gmem[j]);
  largest = over_warp(largest, Max{});
  const float shift = isfinite(largest) ? largest : 0;
  for (int j = lane; j < cols; j += kWarp) sum += expf(row_gmem[j] - shift);
  sum = over_warp(sum, Sum{});
  // A lane overwrites only what nobody but itself reads.
  for (int j = lane; j < cols; j += kWarp) row_gmem[j] = sum == 0 ? 0 : expf(row_gmem[j] - shift) / sum;
}

__global__ void __launch_bounds__(kBlock)
    weighted_sum_kernel(const float* __restrict__ weights_gmem, const float* __restrict__ v_gmem,
                        float* __restrict__ out_gmem, Problem p) {
  const std::int64_t n = my_number();  // of [heads, q_len, head_dim]
  if (n >= std::int64_t{p.heads} * p.q_len * p.head_dim) return;
  const std::int64_t query = n / p.head_dim, channel = n % p.head_dim;
  const float* its_weights_gmem = weights_gmem + query * p.kv_len;
  const float* its_v_gmem = v_gmem + query / p.q_len * p.kv_len * p.head_dim + channel;
  float sum = 0;
  for (std::int64_t j = 0; j < p.kv_len; ++j) sum += its_weights_gmem[j] * its_v_gmem[j * p.head_dim];
  out_gmem[n] = sum;
}

__host__ __device__ inline Duty duty_of(int block_x, int block_y, int thread_x, int thread_y) {
  const int query = block_y * kTile + thread_y, first_key = block_x * kTile;
  return {query, first_key + thread_y, thread_x, query, first_key + thread_x};
}

/// Element (row, column) of a [rows, columns] matrix in global memory, 0 outside of it.
__device__ float element_or_zero(const float* matrix_gmem, int row, int column, int rows, int columns) {
  return row < rows && column < columns ? matrix_gmem[std::int64_t{row} * columns + column] : 0;
}

__global__ void __launch_bounds__(kTile* kTile)
    tiled_scores_kernel(const float* __restrict__ q_gmem, const float* __restrict__ k_gmem,
                        float* __restrict__ scores_gmem, Problem p) {
  __shared__ float q_smem[kTile][kTile];   // [query, channel]: a warp reads one element of it at a time
  __shared__ float k_smem[kTile][kPitch];  // [key, channel]: a warp reads a column
  const int x = threadIdx.x, y = threadIdx.y;
  const Duty mine = duty_of(blockIdx.x, blockIdx.y, x, y);
  const float* q_head_gmem = q_gmem + std::int64_t{blockIdx.z} * p.q_len * p.head_dim;
  const float* k_head_gmem = k_gmem + std::int64_t{blockIdx.z} * p.kv_len * p.head_dim;
  float score = 0;
  for (int first = 0; first < p.head_dim; first += kTile) {
    q_smem[y][x] = element_or_zero(q_head_gmem, mine.q_row, first + mine.channel, p.q_len, p.head_dim);
    k_smem[y][x] = element_or_zero(k_head_gmem, mine.k_row, first + mine.channel, p.kv_len, p.head_dim);
    __syncthreads();  // the tiles are complete before anyone computes
    for (int c = 0; c < kTile; ++c) score += q_smem[y][c] * k_smem[x][c];
    __syncthreads();  // and used before anyone loads the next
  }
  // Threads outside of the matrix have come to every barrier; only now they may stay away.
  if (mine.query < p.q_len && mine.key < p.kv_len)
    scores_gmem[(std::int64_t{blockIdx.z} * p.q_len + mine.query) * p.kv_len + mine.key] = score;
}

struct Free {
  void operator()(float* gmem) const { cudaFree(gmem); }
};

}  // namespace

Traffic cuda_unfused::traffic(Kernel kernel, const Problem& problem) {
  const std::int64_t heads = problem.heads, q_len = problem.q_len, kv_len = problem.kv_len, d = problem.head_dim;
  const std::int64_t scores = q_len * kv_len, query_tiles = (q_len + kTile - 1) / kTile,
                     key_tiles = (kv_len + kTile - 1) / kTile;
  std::int64_t hidden = 0;  // scores that the causal mask hides
  for (std::int64_t i = 0; i < q_len; ++i) hidden += kv_len - visible_keys(i, problem.q_len, problem.kv_len);
  Traffic floats;  // of one head
  switch (kernel) {
    case Kernel::scores:
      floats = {scores * 2 * d, scores};
      break;
    case Kernel::scale:
      floats = {scores, scores};
      break;
    case Kernel::mask:
      floats = {0, hidden};
      break;
    case Kernel::softmax:
      floats = {3 * scores, scores};
      break;
    case Kernel::weighted_sum:
      floats = {q_len * d * 2 * kv_len, q_len * d};
      break;
    case Kernel::tiled_scores:  // q once for every tile of keys, k once for every tile of queries
      floats = {key_tiles * q_len * d + query_tiles * kv_len * d, scores};
      break;
  }
  constexpr std::int64_t bytes = sizeof(float);
  return {floats.loaded * heads * bytes, floats.stored * heads * bytes};
}

void cuda_unfused::attention_scores(DeviceTensor<const float> q, DeviceTensor<const float> k,
                                    DeviceOutput<float> scores, cudaStream_t stream) {
  scores_kernel<<<blocks_for(scores.size(), kBlock), kBlock, 0, stream>>>(q.data(), k.data(), scores.data(),
                                                                          problem_of(q, k));
  check(cudaGetLastError());
}

void cuda_unfused::scale_scores(DeviceTensor<float> scores, float scale, cudaStream_t /*stream*/) {
  scale_kernel<<<blocks_for(scores.size(), kBlock), kBlock>>>(scores.data(), scores.size(), scale);
  check(cudaGetLastError());
}

void cuda_unfused::mask_scores(DeviceTensor<float> scores, cudaStream_t stream) {
  mask_kernel<<<blocks_for(scores.size(), kBlock), kBlock, 0, stream>>>(scores.data(), scores.size(), scores.extent(1),
                                                                        scores.extent(2));
  check(cudaGetLastError());
}

void cuda_unfused::softmax_rows(DeviceTensor<float> scores, cudaStream_t stream) {
  const std::int64_t rows = scores.size() / scores.extent(2);
  softmax_kernel<<<blocks_for(rows, kBlock / kWarp), kBlock, 0, stream>>>(scores.data(), rows, scores.extent(2));
  check(cudaGetLastError());
}

void cuda_unfused::weighted_sum(DeviceTensor<const float> weights, DeviceTensor<const float> v, DeviceOutput<float> out,
                                cudaStream_t stream) {
  weighted_sum_kernel<<<blocks_for(out.size(), kBlock), kBlock, 0, stream>>>(weights.data(), v.data(), out.data(),
                                                                             problem_of({out.data(), out.shape()}, v));
  check(cudaGetLastError());
}

void cuda_unfused::unfused_attention(DeviceTensor<const float> q, DeviceTensor<const float> k,
                                     DeviceTensor<const float> v, DeviceOutput<float> out, cudaStream_t stream) {
  const Shape shape{q.extent(0), q.extent(1), k.extent(1)};
  float* scores_gmem = nullptr;
  check(cudaMalloc(&scores_gmem, shape.size() * sizeof(float)));
  const std::unique_ptr<float[], Free> owner(scores_gmem);
  attention_scores(q, k, {scores_gmem, shape}, stream);
  scale_scores({scores_gmem, shape}, 1 / std::sqrt(static_cast<float>(q.extent(2))), stream);
  mask_scores({scores_gmem, shape}, stream);
  softmax_rows({scores_gmem, shape}, stream);
  weighted_sum({scores_gmem, shape}, v, out, stream);
  check(cudaStreamSynchronize(stream));  // the scores are in use until here
}

Duty cuda_unfused::duty(int block_x, int block_y, int thread_x, int thread_y) {
  return duty_of(block_x, block_y, thread_x, thread_y);
}

int cuda_unfused::wavefronts_of_a_column(int pitch) {
  int lanes_of_bank[32] = {}, most = 0;
  for (int lane = 0; lane < kWarp; ++lane) most = std::max(most, ++lanes_of_bank[lane * std::int64_t{pitch} % 32]);
  return most;
}

void cuda_unfused::attention_scores_tiled(DeviceTensor<const float> q, DeviceTensor<const float> k,
                                          DeviceOutput<float> scores, cudaStream_t stream) {
  const dim3 blocks(blocks_for(k.extent(1), kTile), blocks_for(q.extent(1), kTile), q.extent(0));
  tiled_scores_kernel<<<blocks, dim3(kTile, kTile), 0, stream>>>(q.data(), k.data(), scores.data(), problem_of(q, k));
  check(cudaGetLastError());
}
