#include "cuda_paged_decode.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cmath>

#include "common/cuda/check.h"

using namespace workbook;
using namespace workbook::cuda_paged_decode;

namespace {

constexpr unsigned kAllLanes = 0xffffffff;
constexpr int kLanes = 8;                             // that share a token's key
constexpr int kHeadsAtOnce = kThreads / kPageTokens;  // whose softmax is computed at a time, 16 lanes each
constexpr int kRounds = kMaxRep / kHeadsAtOnce;       // until all heads of a group have had theirs
template <class T>
constexpr int kPiece = 16 / sizeof(T);  // numbers of type T that are loaded at once

struct Problem {
  int heads, kv_heads, n_rep, head_dim, max_pages;
  float scale;
};

template <class T>
__device__ void load_piece(float* piece_rmem, const T* from) {
  const uint4 bytes = *reinterpret_cast<const uint4*>(from);
  for (int i = 0; i < kPiece<T>; ++i) piece_rmem[i] = float(reinterpret_cast<const T*>(&bytes)[i]);
}

/// Scores of a page's tokens with all heads of the group, -inf where there is no token: [n_rep, kPageTokens]. A thread
/// has its part of one key in registers, and multiplies it with every head's query.
template <class T, int kHeadDim>
__device__ void score_page(float* scores_smem, const T* q_smem, const T* k_gmem, int tokens, const Problem& p) {
  constexpr int kWidth = kPiece<T>, kPieces = kHeadDim / kWidth / kLanes;
  const int token = token_of(threadIdx.x), first = piece_of(threadIdx.x) * kWidth;
  float k[kPieces * kWidth] = {};
#pragma unroll
  for (int i = 0; i < kPieces; ++i)
    if (const int c = first + i * kLanes * kWidth; c < p.head_dim && token < tokens)
      load_piece(k + i * kWidth, k_gmem + token * p.head_dim + c);
  for (int h = 0; h < p.n_rep; ++h) {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < kPieces; ++i)
      if (const int c = first + i * kLanes * kWidth; c < p.head_dim) {
        float q[kWidth];
        load_piece(q, q_smem + h * p.head_dim + c);
        for (int e = 0; e < kWidth; ++e) sum += q[e] * k[i * kWidth + e];
      }
    for (int step = 1; step < kLanes; step *= 2) sum += __shfl_xor_sync(kAllLanes, sum, step);
    if (piece_of(threadIdx.x) == 0) scores_smem[h * kPageTokens + token] = token < tokens ? p.scale * sum : -INFINITY;
  }
}

/// One head's softmax so far, as each of its 16 lanes has it.
struct Running {
  float max = -INFINITY;
  float sum = 0;  // over the lane's own token of each page
};

/// Scores of a page become weights; factors_smem tells by how much what was summed up so far shrinks.
__device__ void soften_page(Running (&running)[kRounds], float* scores_smem, float* factors_smem, int n_rep) {
  const int token = threadIdx.x % kPageTokens;
#pragma unroll
  for (int round = 0; round < kRounds; ++round) {
    if (round * kHeadsAtOnce >= n_rep) break;
    const int h = round * kHeadsAtOnce + threadIdx.x / kPageTokens;
    const float score = h < n_rep ? scores_smem[h * kPageTokens + token] : 0;  // all lanes take part in a shuffle
    float max = fmaxf(running[round].max, score);
    for (int step = 1; step < kPageTokens; step *= 2) max = fmaxf(max, __shfl_xor_sync(kAllLanes, max, step));
    const float factor = expf(running[round].max - max), weight = expf(score - max);
    running[round] = {max, running[round].sum * factor + weight};
    if (h >= n_rep) continue;
    scores_smem[h * kPageTokens + token] = weight;
    if (token == 0) factors_smem[h] = factor;
  }
}

/// The sum of each head becomes the factor that its output is multiplied by at the end; the log-sum-exp is stored.
__device__ void finish_softmax(const Running (&running)[kRounds], float* factors_smem, float* lse_gmem, int n_rep) {
#pragma unroll
  for (int round = 0; round < kRounds; ++round) {
    const int h = round * kHeadsAtOnce + threadIdx.x / kPageTokens;
    float sum = running[round].sum;
    for (int step = 1; step < kPageTokens; step *= 2) sum += __shfl_xor_sync(kAllLanes, sum, step);
    if (h >= n_rep || threadIdx.x % kPageTokens != 0) continue;
    factors_smem[h] = sum == 0 ? 0 : 1 / sum;  // no key at all
    lse_gmem[h] = running[round].max + logf(sum);
  }
}

/// The page's values in the thread's channels: threadIdx.x, and kThreads further on. A slot without a token may hold
/// NaN, and 0 * NaN is NaN.
template <class T, int kChannels>
__device__ void load_values(float (&v)[kChannels][kPageTokens], const T* v_gmem, int tokens, int head_dim) {
#pragma unroll
  for (int i = 0; i < kChannels * kPageTokens; ++i) {
    const int c = threadIdx.x + i / kPageTokens * kThreads, j = i % kPageTokens;
    v[i / kPageTokens][j] = c < head_dim && j < tokens ? float(v_gmem[j * head_dim + c]) : 0;
  }
}

/// out = factor * out + weights v, for all heads of the group and the thread's channels.
template <int kChannels>
__device__ void weigh_page(float* out_smem, const float (&v)[kChannels][kPageTokens], const float* weights_smem,
                           const float* factors_smem, const Problem& p) {
#pragma unroll 1
  for (int h = 0; h < p.n_rep; ++h)
#pragma unroll
    for (int n = 0; n < kChannels; ++n) {
      const int c = threadIdx.x + n * kThreads;
      if (c >= p.head_dim) break;
      float& out = out_smem[h * p.head_dim + c];
      float sum = out * factors_smem[h];
#pragma unroll
      for (int j = 0; j < kPageTokens; j += 4) {
        const float4 w = reinterpret_cast<const float4*>(weights_smem)[(h * kPageTokens + j) / 4];
        sum += w.x * v[n][j] + w.y * v[n][j + 1] + w.z * v[n][j + 2] + w.w * v[n][j + 3];
      }
      out = sum;
    }
}

/// A block has one part of the keys of one KV head, and all query heads that read it. Blocks: (parts, kv_heads, batch).
template <class T, int kHeadDim>
__global__ void __launch_bounds__(kThreads)
    decode_kernel(const T* q_gmem, const T* cache_gmem, const std::int32_t* table_gmem, const std::int32_t* length_gmem,
                  T* out_gmem, float* lse_gmem, Problem p) {
  constexpr int kChannels = (kHeadDim + kThreads - 1) / kThreads;
  const int head_dim = p.head_dim, n_rep = p.n_rep, kv_head = blockIdx.y, sequence = blockIdx.z;
  __shared__ alignas(16) float scores_smem[kMaxRep * kPageTokens], factors_smem[kMaxRep];
  extern __shared__ float4 smem[];
  float* const out_smem = reinterpret_cast<float*>(smem);               // [n_rep, head_dim]
  T* const q_smem = reinterpret_cast<T*>(out_smem + n_rep * head_dim);  // [n_rep, head_dim]
  const std::size_t first_head = std::size_t(sequence) * p.heads + kv_head * n_rep;
  for (int i = threadIdx.x; i < n_rep * head_dim; i += kThreads) {
    q_smem[i] = q_gmem[first_head * head_dim + i];
    out_smem[i] = 0;
  }
  __syncthreads();
  const int length = length_gmem[sequence], pages = pages_of(length);
  const int end = first_page(pages, gridDim.x, blockIdx.x + 1);
  Running running[kRounds];
  for (int i = first_page(pages, gridDim.x, blockIdx.x); i < end; ++i) {
    const int tokens = min(kPageTokens, length - i * kPageTokens);
    const std::size_t page = table_gmem[std::size_t(sequence) * p.max_pages + i], head_size = kPageTokens * head_dim;
    const T* const k_gmem = cache_gmem + (page * 2 * p.kv_heads + kv_head) * head_size;
    const T* const v_gmem = k_gmem + p.kv_heads * head_size;
    float v[kChannels][kPageTokens];  // asked for now, needed two barriers later
    load_values(v, v_gmem, tokens, head_dim);
    score_page<T, kHeadDim>(scores_smem, q_smem, k_gmem, tokens, p);
    __syncthreads();  // the scores are there
    soften_page(running, scores_smem, factors_smem, n_rep);
    __syncthreads();  // the weights are there
    weigh_page(out_smem, v, scores_smem, factors_smem, p);
    __syncthreads();  // nobody needs the weights any more
  }
  const std::size_t first_row = std::size_t(blockIdx.x) * gridDim.z * p.heads + first_head;
  finish_softmax(running, factors_smem, lse_gmem + first_row, n_rep);
  __syncthreads();
  for (int i = threadIdx.x; i < n_rep * head_dim; i += kThreads)
    out_gmem[first_row * head_dim + i] = T(out_smem[i] * factors_smem[i / head_dim]);
}

/// A block for each query head. Blocks: (heads, batch).
__global__ void __launch_bounds__(kThreads) merge_kernel(const float* part_out_gmem, const float* part_lse_gmem,
                                                         float* out_gmem, float* lse_gmem, int parts, int head_dim) {
  __shared__ float lse_smem[kMaxParts];
  const std::size_t heads = std::size_t(gridDim.x) * gridDim.y, row = std::size_t(blockIdx.y) * gridDim.x + blockIdx.x;
  for (int i = threadIdx.x; i < parts; i += kThreads) lse_smem[i] = part_lse_gmem[i * heads + row];
  __syncthreads();
  float max = -INFINITY, sum = 0;
  for (int i = 0; i < parts; ++i) max = fmaxf(max, lse_smem[i]);
  const float base = max == -INFINITY ? 0 : max;  // -inf - (-inf) would be NaN
  for (int i = 0; i < parts; ++i) sum += expf(lse_smem[i] - base);
  const float factor = sum == 0 ? 0 : 1 / sum;
  for (int c = threadIdx.x; c < head_dim; c += kThreads) {
    float out = 0;
    for (int i = 0; i < parts; ++i)
      out += expf(lse_smem[i] - base) * factor * part_out_gmem[(i * heads + row) * head_dim + c];
    out_gmem[row * head_dim + c] = out;
  }
  if (threadIdx.x == 0) lse_gmem[row] = base + logf(sum);
}

/// A block writes one token's keys, or its values. Blocks: (tokens, 2).
__global__ void __launch_bounds__(kThreads)
    write_kv_kernel(const float* k_gmem, const float* v_gmem, const std::int32_t* slots_gmem, float* cache_gmem,
                    int kv_heads, int head_dim) {
  const int slot = slots_gmem[blockIdx.x], width = kv_heads * head_dim;
  if (slot < 0) return;
  const float* const token_gmem = (blockIdx.y == 0 ? k_gmem : v_gmem) + std::size_t(blockIdx.x) * width;
  const std::size_t first_head = (std::size_t(slot / kPageTokens) * 2 + blockIdx.y) * kv_heads;
  for (int i = threadIdx.x; i < width; i += kThreads) {
    const std::size_t row = (first_head + i / head_dim) * kPageTokens + slot % kPageTokens;
    cache_gmem[row * head_dim + i % head_dim] = token_gmem[i];
  }
}

/// Launches a decode_kernel with `parts` blocks for each KV head. E is how the contract names what CUDA calls T.
template <class T, class E>
void decode(const std::string& function, DeviceTensor<const E> q, DeviceTensor<const E> cache, DeviceInts block_table,
            DeviceInts lengths, DeviceTensor<E> out, DeviceTensor<float> lse, int parts, cudaStream_t stream) {
  const int heads = q.extent(1), kv_heads = cache.extent(2), head_dim = q.extent(2), n_rep = heads / kv_heads;
  if (head_dim % 8 != 0 || head_dim > kMaxHeadDim || n_rep > kMaxRep || parts > kMaxParts)
    throw std::invalid_argument(
        "[" + function + "] expected head_dim to be a multiple of 8 up to 256, n_rep <= 16 and parts <= 128; found " +
        std::to_string(head_dim) + ", " + std::to_string(n_rep) + " and " + std::to_string(parts));
  const Problem p{heads, kv_heads, n_rep, head_dim, block_table.extent(1), 1 / std::sqrt(static_cast<float>(head_dim))};
  const auto kernel = head_dim <= 64    ? decode_kernel<T, 64>
                      : head_dim <= 128 ? decode_kernel<T, 128>
                                        : decode_kernel<T, 256>;
  const std::size_t shared_bytes = static_cast<std::size_t>(n_rep) * head_dim * (sizeof(float) + sizeof(T));
  kernel<<<dim3(parts, kv_heads, q.extent(0)), kThreads, shared_bytes, stream>>>(
      q.template as<const T>(), cache.template as<const T>(), block_table.data(), lengths.data(), out.template as<T>(),
      lse.data(), p);
  check(cudaGetLastError());
}

}  // namespace

Place PageAllocator::append(int sequence) {
  Sequence& s = find(sequence);
  const int place = s.length % kPageTokens, last = place == 0 ? -1 : s.pages.back();
  const bool shared = last >= 0 && owners(last) > 1;
  if (last < 0 || shared) {
    if (free_.empty())
      throw std::runtime_error("[append] expected a free page; found 0 of " + std::to_string(owners_.size()));
    if (shared) --owners(last), s.pages.pop_back();
    s.pages.push_back(free_.back());
    free_.pop_back();
    owners(s.pages.back()) = 1;
  }
  ++s.length;
  const int page = s.pages.back();
  return {page * kPageTokens + place, shared ? last : -1, shared ? page : -1};
}

int PageAllocator::fork(int sequence) {
  const Sequence& child = sequences_.emplace(next_id_, find(sequence)).first->second;
  for (const int page : child.pages) ++owners(page);
  return next_id_++;
}

void PageAllocator::free(int sequence) {
  for (const int page : find(sequence).pages)
    if (--owners(page) == 0) free_.push_back(page);
  sequences_.erase(sequence);
}

void cuda_paged_decode::write_kv(DeviceTensor<const float> k, DeviceTensor<const float> v, DeviceInts slots,
                                 DeviceTensor<float> cache, cudaStream_t stream) {
  write_kv_kernel<<<dim3(k.extent(0), 2), kThreads, 0, stream>>>(k.data(), v.data(), slots.data(), cache.data(),
                                                                 k.extent(1), k.extent(2));
  check(cudaGetLastError());
}

void cuda_paged_decode::paged_decode(DeviceTensor<const float> q, DeviceTensor<const float> cache,
                                     DeviceInts block_table, DeviceInts lengths, DeviceOutput<float> out,
                                     DeviceOutput<float> lse, cudaStream_t stream) {
  decode<float>("paged_decode", q, cache, block_table, lengths, out, lse, 1, stream);
}

void cuda_paged_decode::paged_decode_f16(DeviceTensor<const float16> q, DeviceTensor<const float16> cache,
                                         DeviceInts block_table, DeviceInts lengths, DeviceOutput<float16> out,
                                         DeviceOutput<float> lse, cudaStream_t stream) {
  decode<__half>("paged_decode_f16", q, cache, block_table, lengths, out, lse, 1, stream);
}

void cuda_paged_decode::paged_decode_bf16(DeviceTensor<const bfloat16> q, DeviceTensor<const bfloat16> cache,
                                          DeviceInts block_table, DeviceInts lengths, DeviceOutput<bfloat16> out,
                                          DeviceOutput<float> lse, cudaStream_t stream) {
  decode<__nv_bfloat16>("paged_decode_bf16", q, cache, block_table, lengths, out, lse, 1, stream);
}

int cuda_paged_decode::split_count(int batch, int kv_heads, int longest_length, int multiprocessors) {
  const std::int64_t blocks = std::int64_t{batch} * kv_heads;
  const std::int64_t fitting = std::int64_t{kBlocksPerMultiprocessor} * multiprocessors / blocks;
  const std::int64_t sensible = std::min(kMaxParts, pages_of(longest_length) / kMinPages);
  return static_cast<int>(std::max<std::int64_t>(1, std::min(fitting, sensible)));
}

void cuda_paged_decode::merge_parts(DeviceTensor<const float> part_out, DeviceTensor<const float> part_lse,
                                    DeviceOutput<float> out, DeviceOutput<float> lse, cudaStream_t stream) {
  merge_kernel<<<dim3(lse.extent(1), lse.extent(0)), kThreads, 0, stream>>>(
      part_out.data(), part_lse.data(), out.data(), lse.data(), part_lse.extent(0), out.extent(2));
  check(cudaGetLastError());
}

void cuda_paged_decode::paged_decode_split(DeviceTensor<const float> q, DeviceTensor<const float> cache,
                                           DeviceInts block_table, DeviceInts lengths, DeviceOutput<float> part_out,
                                           DeviceOutput<float> part_lse, DeviceOutput<float> out,
                                           DeviceOutput<float> lse, cudaStream_t stream) {
  decode<float>("paged_decode_split", q, cache, block_table, lengths, part_out, part_lse, part_lse.extent(0), stream);
  merge_parts({part_out.data(), part_out.shape()}, {part_lse.data(), part_lse.shape()}, out, lse, stream);
}
