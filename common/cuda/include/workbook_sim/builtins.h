#pragma once
/// Who a thread is, and the barriers of its block.

#include "vector_types.h"

extern "C" {
// The same during a thread's whole life.
WORKBOOK_BOTH __attribute__((const)) uint3 workbook_cuda_thread(void);
WORKBOOK_BOTH __attribute__((const)) uint3 workbook_cuda_block(void);
WORKBOOK_BOTH __attribute__((const)) uint3 workbook_cuda_block_extent(void);
WORKBOOK_BOTH __attribute__((const)) uint3 workbook_cuda_grid_extent(void);
WORKBOOK_BOTH void* workbook_cuda_dynamic_shared(void);

enum WorkbookBarrier { workbook_barrier_plain, workbook_barrier_count, workbook_barrier_and, workbook_barrier_or };
/// `which`: the same for all calls that come of one in the source.
WORKBOOK_BOTH int workbook_cuda_barrier(enum WorkbookBarrier kind, int predicate, int which);
WORKBOOK_BOTH void workbook_cuda_fence(bool for_all_blocks);
WORKBOOK_BOTH long long workbook_cuda_clock(void);
WORKBOOK_BOTH void workbook_cuda_trap(void);
WORKBOOK_BOTH void workbook_cuda_launch_bounds(int most_threads);
}

#define threadIdx (workbook_cuda_thread())
#define blockIdx (workbook_cuda_block())
#define blockDim (dim3(workbook_cuda_block_extent()))
#define gridDim (dim3(workbook_cuda_grid_extent()))
static constexpr int warpSize = 32;

// An optimiser may make two calls of one, one for each branch before it, and a macro may put two on one line: a barrier
// is known by a number of its own.
WORKBOOK_INLINE int workbook_cuda_barrier_of(int predicate, enum WorkbookBarrier kind, int number) {
  return workbook_cuda_barrier(kind, predicate, -1 - number);
}
WORKBOOK_INLINE void workbook_cuda_syncthreads(int number) {
  workbook_cuda_barrier_of(0, workbook_barrier_plain, number);
}
#if !defined(__CUDA__)
#define __syncthreads() workbook_cuda_syncthreads(__COUNTER__)
#endif
#define __syncthreads_count(p) workbook_cuda_barrier_of(p, workbook_barrier_count, __COUNTER__)
#define __syncthreads_and(p) workbook_cuda_barrier_of(p, workbook_barrier_and, __COUNTER__)
#define __syncthreads_or(p) workbook_cuda_barrier_of(p, workbook_barrier_or, __COUNTER__)
WORKBOOK_INLINE void __threadfence() { workbook_cuda_fence(true); }
WORKBOOK_INLINE void __threadfence_block() { workbook_cuda_fence(false); }
WORKBOOK_INLINE void __threadfence_system() { workbook_cuda_fence(true); }
WORKBOOK_INLINE void __nanosleep(unsigned) {}
WORKBOOK_INLINE void __trap() { workbook_cuda_trap(); }
WORKBOOK_INLINE long long clock64() { return workbook_cuda_clock(); }

namespace workbook::cuda {

/// `__launch_bounds__(...)`: the translator puts it first into the kernel.
WORKBOOK_INLINE void check_launch_bounds(int most_threads, int = 0, int = 0) {
  workbook_cuda_launch_bounds(most_threads);
}

/// Of 32, the threads of a block taken in order.
WORKBOOK_INLINE unsigned lane_of_warp() {
  return (threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) % 32;
}

/// The launch's dynamic shared memory, as elements of T; null in host code.
template <class T>
WORKBOOK_INLINE T* dynamic_shared() {
  return static_cast<T*>(workbook_cuda_dynamic_shared());
}

}  // namespace workbook::cuda
