#pragma once
/// Rung 4. One tile of flash attention, in the registers of a warp: it has 16 queries, and four lanes share a row.

#include <cmath>

#include "block.cuh"
#include "swizzle.cuh"

namespace {

/// What a lane carries from tile to tile: of the two rows that it holds elements of, lane / 4 and lane / 4 + 8.
template <int kMaxHeadDim>
struct Running {
  float max[2] = {-INFINITY, -INFINITY};  // of the scores, not yet scaled; the same in all four lanes
  float sum[2] = {};                      // over the lane's own keys
  float out[kMaxHeadDim / 8][4] = {};     // out[n] is c of channels [8 n, 8 n + 8)
};

/// The larger, or the sum, of the four neighbouring lanes that share a row. All of them get it.
__device__ float max_of_row(float x) {
  for (int step = 1; step < 4; step *= 2) x = fmaxf(x, __shfl_xor_sync(0xffffffff, x, step));
  return x;
}
__device__ float sum_of_row(float x) {
  for (int step = 1; step < 4; step *= 2) x += __shfl_xor_sync(0xffffffff, x, step);
  return x;
}

/// The warp's queries, from `row` on, which stay in registers.
template <int kSteps>
__device__ void load_queries(unsigned (&q)[kSteps][4], Tile q_smem, int row, int head_dim) {
#pragma unroll
  for (int step = 0; step < kSteps; ++step)
    if (16 * step < head_dim) load_a(q[step], q_smem, row, 2 * step);
}

/// The warp's scores of a tile, not yet scaled.
template <class T, int kSteps>
__device__ void score_tile(float (&score)[kTile / 8][4], const unsigned (&q)[kSteps][4], Tile k_smem, int head_dim) {
#pragma unroll
  for (int step = 0; step < kSteps; ++step)
    if (16 * step < head_dim) add_scores<T>(score, q[step], k_smem, 2 * step);
}

/// Scores of a tile whose first key is `kv_first`: what a row does not see becomes -inf. `row` is the warp's first.
template <class T>
__device__ void hide(float (&score)[kTile / 8][4], const Block<T>& block, int row, int kv_first) {
  if (kv_first + kTile <= block.seen_by(row)) return;  // the first row sees the whole tile, and so do the others
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const Place at = c_place(threadIdx.x % 32, i);
    const int seen = block.seen_by(row + at.row) - kv_first;
#pragma unroll
    for (int n = 0; n < kTile / 8; ++n)
      if (8 * n + at.col >= seen) score[n][i] = -INFINITY;
  }
}

/// Scores become weights; where a maximum grows, what has been summed up shrinks. exp(scale (s - max)) is taken as a
/// power of two, exp2 of scale_log2 (s - max), where scale_log2 is scale log2(e).
template <int kMaxHeadDim>
__device__ void soften(Running<kMaxHeadDim>& rows, float (&score)[kTile / 8][4], float scale_log2) {
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    float largest = rows.max[r];
#pragma unroll
    for (int n = 0; n < kTile / 8; ++n) largest = fmaxf(largest, fmaxf(score[n][2 * r], score[n][2 * r + 1]));
    const float max = max_of_row(largest);
    const float base = max == -INFINITY ? 0 : max * scale_log2;  // -inf - (-inf) would be NaN
    const float factor = ptx::exp2_approx(rows.max[r] * scale_log2 - base);
    rows.max[r] = max;
    rows.sum[r] *= factor;
#pragma unroll
    for (int n = 0; n < kMaxHeadDim / 8; ++n) rows.out[n][2 * r] *= factor, rows.out[n][2 * r + 1] *= factor;
#pragma unroll
    for (int n = 0; n < kTile / 8; ++n)
      for (int c = 2 * r; c < 2 * r + 2; ++c)
        rows.sum[r] += score[n][c] = ptx::exp2_approx(score[n][c] * scale_log2 - base);
  }
}

/// out += weights v. The c of two neighbouring products with keys are, register by register, the a of the product with
/// these 16 values. Keys of a tile of values lie one below the other as b wants its rows: here ldmatrix transposes.
template <class T, int kMaxHeadDim>
__device__ void weigh(Running<kMaxHeadDim>& rows, const float (&weight)[kTile / 8][4], Tile v_smem, int head_dim) {
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int n = 0; n < kTile / 8; n += 2) {
    const unsigned p[4] = {rounded_pair<T>(weight[n][0], weight[n][1]), rounded_pair<T>(weight[n][2], weight[n][3]),
                           rounded_pair<T>(weight[n + 1][0], weight[n + 1][1]),
                           rounded_pair<T>(weight[n + 1][2], weight[n + 1][3])};
#pragma unroll
    for (int c = 0; c < kMaxHeadDim / 8; c += 2) {
      if (8 * c >= head_dim) break;
      unsigned v[4];
      ptx::ldmatrix_trans(v, v_smem.at(8 * n + lane % 16, c + lane / 16));
      ptx::mma_m16n8k16<T>(rows.out[c], p, {v[0], v[1]}, rows.out[c]);
      ptx::mma_m16n8k16<T>(rows.out[c + 1], p, {v[2], v[3]}, rows.out[c + 1]);
    }
  }
}

/// Divides once, and writes the rows that exist. `row` is the warp's first.
template <class T, int kMaxHeadDim>
__device__ void finish(const Running<kMaxHeadDim>& rows, const Block<T>& block, int row, int head_dim,
                       float scale_log2) {
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const float sum = sum_of_row(rows.sum[r]);  // all lanes take part, also those of a row that does not exist
    const Place at = c_place(threadIdx.x % 32, 2 * r);
    if (row + at.row >= block.rows) continue;
    const float factor = sum == 0 ? 0 : 1 / sum;
    T* const out_gmem = block.out_gmem + (row + at.row) * head_dim + at.col;
#pragma unroll
    for (int n = 0; n < kMaxHeadDim / 8; ++n) {
      if (8 * n >= head_dim) break;
      *reinterpret_cast<unsigned*>(out_gmem + 8 * n) =
          rounded_pair<T>(rows.out[n][2 * r] * factor, rows.out[n][2 * r + 1] * factor);
    }
    constexpr float kLn2 = 0.693147181f;
    if (at.col == 0) block.lse_gmem[row + at.row] = rows.max[r] * scale_log2 * kLn2 + logf(sum);
  }
}

/// scale log2(e), for 1 / sqrt(head_dim).
float scale_log2_of(int head_dim) { return static_cast<float>(1.4426950408889634 / std::sqrt(double(head_dim))); }

}  // namespace
