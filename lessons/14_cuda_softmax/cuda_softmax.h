#pragma once
/// Softmax of rows on a GPU, with the rows dealt out to the threads in three ways.
///
/// Tensors are in the host's memory. Whatever computes on the device copies its input there, launches one kernel,
/// copies the result back, and frees what it has allocated, also if it throws. Invariants:
///   - any shape will do: rows and columns need not be multiples of anything, and there may be none;
///   - every thread of a launch stays inside the matrix, also where the last block reaches beyond it;
///   - a softmax is that of lesson 01: shifted by the row's largest logit, however low that is; zeros for a fully
///     masked row; neither a NaN nor a +inf hidden: NaN throughout the row of a NaN, and in the place of a +inf;
///   - each kernel reads an element at most three times and writes it once, and needs no device memory but x and y;
///   - a launch has blocks of kBlock threads and a grid along x, which alone has room for more than 65535 blocks;
///   - nothing is kept from one call to the next;
///   - an error that CUDA reports is thrown as std::runtime_error, naming it.

#include "common/contract/contract.h"
#include "common/tensor/storage.h"

namespace workbook::cuda_softmax {

inline constexpr int kWarp = 32;    ///< threads of a warp: they load together
inline constexpr int kBlock = 128;  ///< threads of a block, in all of this lesson's kernels

/// Who shares a row.
enum class Mapping {
  thread_per_row,  ///< nobody: row r belongs to thread r, counted over all blocks
  block_per_row,   ///< the kBlock threads of block r
  warp_per_row,    ///< the kWarp threads of warp r, counted over all blocks
};

/// What one thread reads of a matrix: columns first, first + stride, first + 2 stride, ... of a row.
struct Walk {
  int row = 0;
  int first = 0;
  int stride = 1;
};

/// factor * x, one thread for each element. Time O(size / threads that run at once).
Tensor scaled(const Tensor& x, float factor);  // any shape -> the same

/// The walk of a thread, in a grid as long as it must be. Where a row is shared, neighbours read neighbouring columns.
/// The row may lie behind the last one, and the first column too: kernels must ask. The row is exact for as many blocks
/// as it takes to reach row 2^31 - 1. @pre 0 <= thread < kBlock
Walk walk(Mapping mapping, int block, int thread);

/// How many of memory's 32-byte sectors the first warp of block 0 touches when each of its threads reads the first
/// element of its walk; a thread whose first column is behind the row's end reads nothing.
/// The matrix begins where a sector begins, and has at least kBlock rows. @pre 1 <= cols <= 2^20
int sectors_of_first_load(Mapping mapping, int cols);

/// Softmax over the columns, one thread for each row.
Tensor softmax_thread_per_row(const Tensor& logits);  // [rows, cols] -> [rows, cols]

/// Softmax over the columns, one block for each row; its threads combine what they found in shared memory, in at most
/// 2 log2(kBlock) + 6 barriers for each row and without bank conflicts.
Tensor softmax_block_per_row(const Tensor& logits);  // [rows, cols] -> [rows, cols]

/// Softmax over the columns, one warp for each row; its lanes combine what they found by shuffles, at most 12 for each
/// row, with neither shared memory nor a barrier.
Tensor softmax_warp_per_row(const Tensor& logits);  // [rows, cols] -> [rows, cols]

inline constexpr Contract<scaled, walk, sectors_of_first_load, softmax_thread_per_row, softmax_block_per_row,
                          softmax_warp_per_row>
    contract;

}  // namespace workbook::cuda_softmax
