#pragma once
/// Flash attention on tensor cores, in five rungs: matrix instructions by nvcuda::wmma, the layout of their registers,
/// tiles without bank conflicts, scores that stay in registers, and copies that travel while others are multiplied.
///
/// What the attention functions compute is what the definition gives, softmax(q k^T / sqrt(head_dim) + mask) v:
///   - q, k, v and out are of 16 bits; products are added up in float, and so are the sums of the softmax;
///   - weights are rounded to the type of v before they are multiplied with it, the result once at the end: relative to
///     what double gives for the same inputs, root mean square over the result, the error is at most 1e-3 for float16
///     and 5e-3 for bfloat16;
///   - heads is a multiple of kv_heads, and query head h reads KV head h / (heads / kv_heads);
///   - lengths may be any, also less than a tile; a query that sees no key gives zeros, and its log-sum-exp is -inf;
///   - the scores of a tile never leave the block, and are products of the visited tiles only: a block with queries
///     [first, first + kTile) visits the tiles of kTile keys that begin before the last key that one of them sees.
/// Each of them launches one kernel, in blocks of kThreads threads. It takes no device memory, loads each key that a
/// block visits once for that block, and stores out and lse, once each.
/// @throws std::invalid_argument if head_dim is not one of 16, 32, 48, ..., 128, naming it and 128
///
/// Tensors are dense, row-major and in device memory; each begins at a multiple of 256 bytes, as cudaMalloc gives them.
/// batch and heads are at most 65,535 each; only x of a grid counts q_len. Work is put on `stream`, which nobody waits
/// for. A CUDA error is thrown.

#include "common/contract/contract.h"
#include "common/contract/mask.h"
#include "common/cuda/device_tensor.h"

namespace workbook::cuda_tensor_cores {

inline constexpr int kThreads = 128;  ///< of a block: four warps, each with 16 queries of the tile
inline constexpr int kTile = 64;      ///< rows of a tile: of queries, of keys, of values

/// Where an element stands in its matrix.
struct Place {
  int row = 0, col = 0;
};

/// Chunks of 16 bytes from one row of a tile to the next in shared memory: those of head_dim elements, rounded up to
/// whole groups of 8, which are all 32 banks.
constexpr int row_chunks(int head_dim) { return (head_dim + 63) / 64 * 8; }

/// One call's extents, each >= 1, and its mask.
struct Problem {
  int batch = 1;
  int heads = 1;
  int kv_heads = 1;
  int q_len = 1;
  int kv_len = 1;
  int head_dim = 16;
  Mask mask = Mask::none;
};

/// Rung 1. Attention with products by nvcuda::wmma. What the softmax needs goes through shared memory.
void wmma_attention(DeviceTensor<const float16> q,  // [batch, heads, q_len, head_dim]
                    DeviceTensor<const float16> k,  // [batch, kv_heads, kv_len, head_dim]
                    DeviceTensor<const float16> v,  // [batch, kv_heads, kv_len, head_dim]
                    DeviceOutput<float16> out,      // [batch, heads, q_len, head_dim]
                    DeviceOutput<float> lse,        // [batch, heads, q_len]
                    Mask mask, cudaStream_t stream);

/// Rung 2. Of a, 16 x 16, the element that lane `lane` of a warp holds as its i-th in mma.m16n8k16 (PTX ISA, "Matrix
/// fragments for mma.m16n8k16 with floating point type"). @pre 0 <= lane < 32, 0 <= i < 8
Place a_element(int lane, int i);
/// The same of b, 16 x 8. @pre 0 <= lane < 32, 0 <= i < 4
Place b_element(int lane, int i);
/// The same of c, 16 x 8. @pre 0 <= lane < 32, 0 <= i < 4
Place c_element(int lane, int i);

/// c = a b by one warp and one mma: each lane loads its own elements.
void product(DeviceTensor<const float16> a,  // [16, 16]
             DeviceTensor<const float16> b,  // [16, 8]
             DeviceOutput<float> c,          // [16, 8]
             cudaStream_t stream);

/// Rung 3. Where chunk `chunk` of row `row` of a tile lies in its row: another order for each of 8 rows. In each group
/// of 8 chunks, and in the same chunk of 8 rows that begin at a multiple of 8, all results mod 8 are different; a chunk
/// stays in its group. @pre row, chunk >= 0
int swizzled(int row, int chunk);

/// Scores of one tile, by one block: scale q k^T, with loads by ldmatrix from swizzled tiles. Shared memory takes no
/// pass more than the ideal for head_dim 64 and 128. @pre 1 <= queries <= kTile, 1 <= keys <= kTile
/// @throws std::invalid_argument as wmma_attention()
void tile_scores(DeviceTensor<const float16> q,  // [queries, head_dim]
                 DeviceTensor<const float16> k,  // [keys, head_dim]
                 DeviceOutput<float> scores,     // [queries, keys]
                 float scale, cudaStream_t stream);

/// Rung 4. Attention with mma.sync: scores and weights stay in registers (Dao 2023, section 3.3). As wmma_attention().
void mma_attention(DeviceTensor<const float16> q, DeviceTensor<const float16> k, DeviceTensor<const float16> v,
                   DeviceOutput<float16> out, DeviceOutput<float> lse, Mask mask, cudaStream_t stream);
/// The same in bfloat16.
void mma_attention_bf16(DeviceTensor<const bfloat16> q, DeviceTensor<const bfloat16> k, DeviceTensor<const bfloat16> v,
                        DeviceOutput<bfloat16> out, DeviceOutput<float> lse, Mask mask, cudaStream_t stream);

/// Rung 5. The same with cp.async: the next tile of keys and values travels while this one is multiplied.
void pipelined_attention(DeviceTensor<const float16> q, DeviceTensor<const float16> k, DeviceTensor<const float16> v,
                         DeviceOutput<float16> out, DeviceOutput<float> lse, Mask mask, cudaStream_t stream);
/// The same in bfloat16.
void pipelined_attention_bf16(DeviceTensor<const bfloat16> q, DeviceTensor<const bfloat16> k,
                              DeviceTensor<const bfloat16> v, DeviceOutput<bfloat16> out, DeviceOutput<float> lse,
                              Mask mask, cudaStream_t stream);

inline constexpr Contract<wmma_attention, a_element, b_element, c_element, product, swizzled, tile_scores,
                          mma_attention, mma_attention_bf16, pipelined_attention, pipelined_attention_bf16>
    contract;

}  // namespace workbook::cuda_tensor_cores
