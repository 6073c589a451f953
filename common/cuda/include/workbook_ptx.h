#pragma once
/// Instructions that CUDA C++ has no name for: asynchronous copies, ldmatrix, mma.m16n8k16 and ex2. Under nvcc each is
/// one line of PTX (compute capability 8.0); elsewhere it is simulated. Include it as
/// "common/cuda/include/workbook_ptx.h".

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <type_traits>

#if defined(WORKBOOK_SIM)
#include "workbook_sim/ptx.h"
#define WORKBOOK_INSTRUCTION WORKBOOK_INLINE
#else
#include "workbook_sim/ptx_gpu.h"
#define WORKBOOK_INSTRUCTION __device__ inline
#endif

namespace workbook::ptx {

/// Starts to copy kBytes (4, 8 or 16; both addresses multiples of it) from global to shared memory. They are there
/// after a cp_async_wait, for other threads after a __syncthreads() behind it. Of the source only `source_bytes` are
/// read, the rest is zero: 0 where there is nothing to read.
template <int kBytes>
WORKBOOK_INSTRUCTION void cp_async(void* shared, const void* global, int source_bytes = kBytes) {
  static_assert(kBytes == 4 || kBytes == 8 || kBytes == 16, "cp.async copies 4, 8 or 16 bytes");
  copy_async<kBytes>(shared, global, source_bytes);
}

/// Closes a group: the copies since the last one.
WORKBOOK_INSTRUCTION void cp_async_commit() { commit_async(); }

/// Waits until at most kPending of the newest groups are under way.
template <int kPending>
WORKBOOK_INSTRUCTION void cp_async_wait() {
  wait_async<kPending>();
}
/// Waits for every copy, committed or not.
WORKBOOK_INSTRUCTION void cp_async_wait_all() { wait_async_all(); }

/// Loads n (1, 2 or 4) matrices of 8 x 8 elements of 16 bits. Lane 8 m + r gives the address of row r of matrix m, in
/// shared memory; lane l gets of each matrix the elements 2 (l % 4) and the next one of row l / 4.
template <int n>
WORKBOOK_INSTRUCTION void ldmatrix(unsigned (&to)[n], const void* row) {
  static_assert(n == 1 || n == 2 || n == 4, "ldmatrix loads 1, 2 or 4 matrices");
  load_matrices<n, false>(to, row);
}
/// The same of the transposed matrices.
template <int n>
WORKBOOK_INSTRUCTION void ldmatrix_trans(unsigned (&to)[n], const void* row) {
  static_assert(n == 1 || n == 2 || n == 4, "ldmatrix loads 1, 2 or 4 matrices");
  load_matrices<n, true>(to, row);
}

/// d = a b + c for a of 16 x 16 (rows), b of 16 x 8 (columns) of T, which is __half or __nv_bfloat16. With g = lane / 4
/// and t = lane % 4, a holds the pairs at (g, 2t), (g + 8, 2t), (g, 2t + 8), (g + 8, 2t + 8); b those at (2t, g) and
/// (2t + 8, g), each pair down a column; c and d the numbers at (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1).
template <class T>
WORKBOOK_INSTRUCTION void mma_m16n8k16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                                       const float (&c)[4]) {
  static_assert(std::is_same_v<T, __half> || std::is_same_v<T, __nv_bfloat16>,
                "mma multiplies __half or __nv_bfloat16");
  multiply_matrices<T>(d, a, b, c);
}

/// 2^x in one instruction. Its relative error is at most 2^-22 (PTX ISA, ex2.approx.ftz.f32); a result below 2^-126 is
/// 0. exp2f takes four instructions, because it keeps those results.
WORKBOOK_INSTRUCTION float exp2_approx(float x) { return power_of_2(x); }

}  // namespace workbook::ptx
