#pragma once
/// Unfused attention on a GPU: five kernels with a score matrix between them, and the bytes that each of them moves.
///
/// Pointers lead to device memory, and everything is launched into `stream`. Tensors are float32 and row-major; `heads`
/// counts the heads of all sequences, and each has its own q, k and v. Invariants:
///   - any extent >= 1 will do: none need be a multiple of a warp, a block or a tile. There may be more than 65535
///     queries, and as many rows in all heads, but no more than 65535 heads, nor 65535 tiles of queries: a grid has no
///     more blocks along y and z;
///   - each is one launch, waits for nothing and allocates nothing; unfused_attention says what it does instead;
///   - an error that CUDA reports is thrown as std::runtime_error, naming it, and nothing stays allocated;
///   - no thread touches anything outside its arguments;
///   - together, the five give softmax(q k^T / sqrt(head_dim) + mask) v; a query that sees no key gives zeros.
/// The `Traffic` of a kernel is what its threads ask of global memory, every repetition counted. It is a promise: each
/// kernel here loads and stores at most that.

#include "common/contract/contract.h"
#include "common/cuda/device_tensor.h"

namespace workbook::cuda_unfused {

inline constexpr int kTile = 32;  ///< queries, keys and channels of a tile in attention_scores_tiled

/// The extents of one call. A causal query i sees the keys j <= i + kv_len - q_len.
struct Problem {
  int heads = 1;
  int q_len = 1;
  int kv_len = 1;
  int head_dim = 1;
};

enum class Kernel {
  scores,        ///< attention_scores
  scale,         ///< scale_scores
  mask,          ///< mask_scores
  softmax,       ///< softmax_rows, three passes over each row
  weighted_sum,  ///< weighted_sum
  tiled_scores,  ///< attention_scores_tiled
};

/// What one thread of attention_scores_tiled does. Rows and columns are those of a head's q, k and scores, and may lie
/// outside of them: the kernel must ask.
struct Duty {
  int q_row = 0;    ///< loads an element of this row of q,
  int k_row = 0;    ///< and one of this row of k,
  int channel = 0;  ///< in the column first + channel of both, where `first` is where the piece of channels begins
  int query = 0;    ///< computes the score of this query
  int key = 0;      ///< and this key
};

/// Bytes that all threads of a launch load from and store to global memory.
struct Traffic {
  std::int64_t loaded = 0;
  std::int64_t stored = 0;
};

/// Bytes of one launch of a kernel; the mask is causal. Exact up to 2^63 - 1.
/// Each thread that computes a number loads every operand of it once, and nothing else; a tile is loaded once for each
/// block that needs it, and what would lie outside of q or k is not loaded.
Traffic traffic(Kernel kernel, const Problem& problem);

/// scores = q k^T. One thread for each score; lanes have neighbouring keys.
void attention_scores(DeviceTensor<const float> q,  // [heads, q_len, head_dim]
                      DeviceTensor<const float> k,  // [heads, kv_len, head_dim]
                      DeviceOutput<float> scores,   // [heads, q_len, kv_len]
                      cudaStream_t stream);

/// scores = scale * scores.
void scale_scores(DeviceTensor<float> scores,  // [heads, q_len, kv_len]
                  float scale, cudaStream_t stream);

/// Makes -inf of every score whose key the query does not see, and leaves the others untouched and unread. Causal.
void mask_scores(DeviceTensor<float> scores,  // [heads, q_len, kv_len]
                 cudaStream_t stream);

/// Softmax of each row, in place. One warp for each row, as in lesson 14: shifted by the row's largest score, however
/// low that is; a fully masked row becomes zeros; a NaN makes its row NaN, and a +inf its own place.
void softmax_rows(DeviceTensor<float> scores,  // [heads, q_len, kv_len]
                  cudaStream_t stream);

/// out = weights v. One thread for each element of out; lanes have neighbouring channels.
void weighted_sum(DeviceTensor<const float> weights,  // [heads, q_len, kv_len]
                  DeviceTensor<const float> v,        // [heads, kv_len, head_dim]
                  DeviceOutput<float> out,            // [heads, q_len, head_dim]
                  cudaStream_t stream);

/// The five, one after the other, with the causal mask. Allocates the scores and frees them, also if something throws.
/// Waits at most once, before it frees.
/// @throws std::runtime_error if CUDA reports an error
void unfused_attention(DeviceTensor<const float> q,  // [heads, q_len, head_dim]
                       DeviceTensor<const float> k,  // [heads, kv_len, head_dim]
                       DeviceTensor<const float> v,  // [heads, kv_len, head_dim]
                       DeviceOutput<float> out,      // [heads, q_len, head_dim]
                       cudaStream_t stream);

/// The duty of a thread: block_x counts tiles of keys and block_y tiles of queries, thread_x is the lane and thread_y
/// the warp. Lanes load neighbouring channels of one row, and compute the scores of one query with neighbouring keys;
/// each element of a tile is loaded by one thread. @pre 0 <= thread_x, thread_y < kTile
Duty duty(int block_x, int block_y, int thread_x, int thread_y);

/// How many passes, *wavefronts*, shared memory needs until 32 lanes have read one column of 32 rows, if the rows are
/// `pitch` floats apart: the most lanes that want different words of one bank. Word w lies in bank w % 32. @pre pitch
/// >= 1
int wavefronts_of_a_column(int pitch);

/// attention_scores with tiles of kTile queries, keys and channels in shared memory: a block computes kTile x kTile
/// scores and loads each element of q and k that it needs once. Global loads are coalesced, shared memory has no bank
/// conflicts.
void attention_scores_tiled(DeviceTensor<const float> q,  // [heads, q_len, head_dim]
                            DeviceTensor<const float> k,  // [heads, kv_len, head_dim]
                            DeviceOutput<float> scores,   // [heads, q_len, kv_len]
                            cudaStream_t stream);

inline constexpr Contract<traffic, attention_scores, scale_scores, mask_scores, softmax_rows, weighted_sum,
                          unfused_attention, duty, wavefronts_of_a_column, attention_scores_tiled>
    contract;

}  // namespace workbook::cuda_unfused
