#pragma once
/// Groups of threads: the block, tiles of a warp, the lanes that have come to a place.

#include "workbook_sim/builtins.h"
#include "workbook_sim/warp.h"

namespace cooperative_groups {

class thread_block {
 public:
  WORKBOOK_INLINE static void sync(int line = __builtin_LINE()) {
    workbook_cuda_barrier(workbook_barrier_plain, 0, line);
  }
  WORKBOOK_INLINE static unsigned size() { return blockDim.x * blockDim.y * blockDim.z; }
  WORKBOOK_INLINE static unsigned num_threads() { return size(); }
  WORKBOOK_INLINE static unsigned thread_rank() {
    return threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  }
  WORKBOOK_INLINE static dim3 group_index() { return blockIdx; }
  WORKBOOK_INLINE static dim3 thread_index() { return threadIdx; }
  WORKBOOK_INLINE static dim3 group_dim() { return blockDim; }
  WORKBOOK_INLINE static dim3 dim_threads() { return blockDim; }
};
WORKBOOK_INLINE thread_block this_thread_block() { return {}; }

/// What a GPU's tiles of several warps need; here nothing is kept in it.
template <unsigned...>
struct block_tile_memory {
  char unused;
};
template <unsigned... n>
WORKBOOK_INLINE thread_block this_thread_block(block_tile_memory<n...>&) {
  return {};
}

class grid_group {
 public:
  template <bool is_simulated = false>
  WORKBOOK_INLINE static void sync() {
    static_assert(is_simulated, "a barrier of the whole grid (a cooperative launch) is not simulated: launch twice");
  }
  WORKBOOK_INLINE static unsigned long long size() {
    return 1ull * gridDim.x * gridDim.y * gridDim.z * thread_block::size();
  }
  WORKBOOK_INLINE static unsigned long long num_threads() { return size(); }
  WORKBOOK_INLINE static unsigned long long thread_rank() {
    return block_rank() * thread_block::size() + thread_block::thread_rank();
  }
  WORKBOOK_INLINE static bool is_valid() { return false; }
  WORKBOOK_INLINE static dim3 dim_blocks() { return gridDim; }
  WORKBOOK_INLINE static dim3 block_index() { return blockIdx; }
  WORKBOOK_INLINE static unsigned long long num_blocks() { return 1ull * gridDim.x * gridDim.y * gridDim.z; }
  WORKBOOK_INLINE static unsigned long long block_rank() {
    return blockIdx.x + gridDim.x * (blockIdx.y + 1ull * gridDim.y * blockIdx.z);
  }
};
WORKBOOK_INLINE grid_group this_grid() { return {}; }

template <unsigned kSize, class Parent = void>
class thread_block_tile {
  static_assert(kSize >= 1 && kSize <= 32 && (kSize & (kSize - 1)) == 0,
                "a tile has 1, 2, 4, 8, 16 or 32 threads; tiles of several warps are not simulated");
  WORKBOOK_INLINE static unsigned first_lane() { return thread_block::thread_rank() % 32 & ~(kSize - 1); }
  WORKBOOK_INLINE static unsigned mask() { return (~0u >> (32 - kSize)) << first_lane(); }
  friend class thread_group;

 public:
  thread_block_tile() = default;
  template <class Other>
  WORKBOOK_INLINE thread_block_tile(const thread_block_tile<kSize, Other>&) {}
  WORKBOOK_INLINE static constexpr unsigned size() { return kSize; }
  WORKBOOK_INLINE static constexpr unsigned num_threads() { return kSize; }
  WORKBOOK_INLINE static unsigned thread_rank() { return thread_block::thread_rank() % kSize; }
  WORKBOOK_INLINE static unsigned meta_group_rank() { return thread_block::thread_rank() / kSize; }
  WORKBOOK_INLINE static unsigned meta_group_size() { return (thread_block::size() + kSize - 1) / kSize; }
  WORKBOOK_INLINE void sync() const { __syncwarp(mask()); }
  template <class T>
  WORKBOOK_INLINE T shfl(T value, int rank) const {
    return workbook::cuda::shuffle_parts(workbook_shuffle_index, mask(), value, rank, kSize);
  }
  template <class T>
  WORKBOOK_INLINE T shfl_up(T value, unsigned delta) const {
    return workbook::cuda::shuffle_parts(workbook_shuffle_up, mask(), value, static_cast<int>(delta), kSize);
  }
  template <class T>
  WORKBOOK_INLINE T shfl_down(T value, unsigned delta) const {
    return workbook::cuda::shuffle_parts(workbook_shuffle_down, mask(), value, static_cast<int>(delta), kSize);
  }
  template <class T>
  WORKBOOK_INLINE T shfl_xor(T value, int lanes) const {
    return workbook::cuda::shuffle_parts(workbook_shuffle_xor, mask(), value, lanes, kSize);
  }
  WORKBOOK_INLINE int any(int predicate) const { return __any_sync(mask(), predicate); }
  WORKBOOK_INLINE int all(int predicate) const { return __all_sync(mask(), predicate); }
  WORKBOOK_INLINE unsigned ballot(int predicate) const { return __ballot_sync(mask(), predicate) >> first_lane(); }
  template <class T>
  WORKBOOK_INLINE unsigned match_any(T value) const {
    return __match_any_sync(mask(), value) >> first_lane();
  }
};

template <unsigned kSize, class Parent>
WORKBOOK_INLINE thread_block_tile<kSize, Parent> tiled_partition(const Parent&) {
  return {};
}

}  // namespace cooperative_groups

#include "workbook_sim/lane_groups.h"
