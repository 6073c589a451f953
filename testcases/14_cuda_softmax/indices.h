#pragma once
/// Who reads what, and how it is got wrong.

#include <set>

#include "common/checker/student.h"

namespace workbook::cuda_softmax {

inline Walk right_walk(Mapping mapping, int block, int thread) {
  const int all = block * kBlock + thread;
  if (mapping == Mapping::thread_per_row) return {all, 0, 1};
  if (mapping == Mapping::block_per_row) return {block, thread, kBlock};
  return {all / kWarp, all % kWarp, kWarp};
}

inline Tensor64 as_numbers(const Walk& w) {
  return Tensor64({3}, {static_cast<double>(w.row), static_cast<double>(w.first), static_cast<double>(w.stride)});
}

/// Matches (row, first, stride).
inline Matches is_walk(Mapping mapping, int block, int thread) {
  const Walk right = right_walk(mapping, block, thread);
  const auto with = changes_of(right, as_numbers);
  return matches(as_numbers(right), counted())
      .but_not([=] { return as_numbers(right_walk(mapping, 0, thread)); },
               "this is what thread " + std::to_string(thread) +
                   " of block 0 does: every block begins at row 0. Count over all blocks")
      .but_not(with([](Walk& w) { w.stride = 1; }),
               "row and first column are right, but neighbours read the same columns, one after the other: the next "
               "column of a thread is as far away as there are threads that share the row")
      .but_not(with([](Walk& w) { w.first = 0; }),
               "every thread begins at column 0: those who share a row begin next to each other")
      .but_not(with([=](Walk& w) { w.row = block * kBlock + thread; }),
               "the row is the thread's number: it is the number of whoever shares the row, of a block or of a warp")
      .but_not(with([=](Walk& w) { w.row = block * kWarp + thread / kWarp; }),
               "a block has kBlock / kWarp = 4 warps, not 32: block b begins with row 4 b")
      .but_not(with([=](Walk& w) { w.row = thread / kWarp; }), "every block begins at row 0: count over all blocks")
      .but_if(
          [right](const Tensor64& got) {
            return right.stride > 1 && got.size() == 3 && got.at(0) == right.row && got.at(2) == 1;
          },
          "each thread has a piece of the row for itself, side by side in its columns. But it is the 32 neighbours "
          "that "
          "read at the same moment: give them neighbouring columns, and each thread every stride-th");
}

/// Sectors of the first load, or of bytes or segments of another size.
inline int sectors(Mapping mapping, std::int64_t cols, std::int64_t floats_of_a_sector = 8,
                   bool idle_lanes_read = false) {
  std::set<std::int64_t> touched;
  for (int lane = 0; lane < kWarp; ++lane) {
    const Walk its = right_walk(mapping, 0, lane);
    if (its.first < cols || idle_lanes_read) touched.insert((its.row * cols + its.first) / floats_of_a_sector);
  }
  return static_cast<int>(touched.size());
}

inline Matches is_sectors(Mapping mapping, int cols) {
  return matches(sectors(mapping, cols), counted())
      .but_not([=] { return sectors(mapping, cols, 8, true); },
               "lanes whose first column lies behind the row's end were counted: they read nothing")
      .but_not([=] { return sectors(mapping, cols, 32); },
               "these are segments of 128 bytes. A sector has 32 bytes, which is 8 floats")
      .but_not([=] { return sectors(mapping, cols, 1); },
               "these are floats, and each of them was counted as a sector: 8 neighbours lie in one")
      .but_not([=] { return mapping == Mapping::thread_per_row ? kWarp : 4; },
               "true of wide rows. In narrow ones, lanes that are cols floats apart may share a sector, or have no "
               "column at all");
}

}  // namespace workbook::cuda_softmax
