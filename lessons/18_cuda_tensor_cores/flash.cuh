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
__device__ void hide(float (&/*score*/)[kTile / 8][4], const Block<T>& /*block*/, int /*row*/, int /*kv_first*/) {
  // TODO(8): which row and which key is score[n][i]? block.seen_by(row) says how many keys a row sees.
}

/// Scores become weights; where a maximum grows, what has been summed up shrinks. exp(scale (s - max)) is taken as a
/// power of two, 2^(scale_log2 (s - max)), where scale_log2 is scale log2(e).
template <int kMaxHeadDim>
__device__ void soften(Running<kMaxHeadDim>& /*rows*/, float (&/*score*/)[kTile / 8][4], float /*scale_log2*/) {
  // TODO(8): elements 0 and 1 are of one row, 2 and 3 of the other. Four lanes share a row.
}

/// out += weights v.
template <class T, int kMaxHeadDim>
__device__ void weigh(Running<kMaxHeadDim>& /*rows*/, const float (&/*weight*/)[kTile / 8][4], Tile /*v_smem*/,
                      int /*head_dim*/) {
  // TODO(9): two neighbouring c are one a, after rounded_pair<T>(); b comes by ptx::ldmatrix_trans.
}

/// Divides once, and writes the rows that exist. `row` is the warp's first.
template <class T, int kMaxHeadDim>
__device__ void finish(const Running<kMaxHeadDim>& /*rows*/, const Block<T>& /*block*/, int /*row*/, int /*head_dim*/,
                       float /*scale_log2*/) {
  // TODO(9): add up the sums of four lanes, all lanes together; then store pairs, and one log-sum-exp for each row.
}

/// scale log2(e), for 1 / sqrt(head_dim).
float scale_log2_of(int head_dim) { return static_cast<float>(1.4426950408889634 / std::sqrt(double(head_dim))); }

}  // namespace
