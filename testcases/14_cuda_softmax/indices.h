#pragma once
/// Who reads what, and how it is got wrong.

#include <set>

#include "common/checker/student.h"

namespace workbook::cuda_softmax {

inline Walk right_walk(Mapping mapping, int block, int thread) {
  const int sharing = mapping == Mapping::thread_per_row ? 1 : mapping == Mapping::block_per_row ? kBlock : kWarp;
  return {block * (kBlock / sharing) + thread / sharing, thread % sharing, sharing};
}

/// The thread's number over all blocks in 32 bits, which it may not fit.
inline std::uint32_t in_32_bits(int block, int thread) {
  return static_cast<std::uint32_t>(block) * kBlock + static_cast<std::uint32_t>(thread);
}

inline Tensor64 as_numbers(const Walk& w) {
  return Tensor64({3}, {static_cast<double>(w.row), static_cast<double>(w.first), static_cast<double>(w.stride)});
}

/// Matches (row, first, stride).
inline Matches is_walk(Mapping mapping, int block, int thread) {
  const Walk right = right_walk(mapping, block, thread);
  const auto with = changes_of(right, as_numbers);
  return matches(as_numbers(right), counted())
      .but_not(with([=](Walk& w) { w.row = static_cast<int>(in_32_bits(block, thread)) / kWarp; }),
               "the thread's number over all blocks was more than an int holds, though its row is not: a block has "
               "kBlock / kWarp rows")
      .but_not(with([=](Walk& w) { w.row = static_cast<int>(in_32_bits(block, thread) / kWarp); }),
               "the thread's number over all blocks was more than 32 bits hold, though its row is not: a block has "
               "kBlock / kWarp rows")
      .but_not(with([=](Walk& w) { w.row = static_cast<int>(static_cast<float>(w.row)); }),
               "the row was computed in float, which holds whole numbers up to 2^24 only")
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
          "stride 1: does each thread have a piece of the row for itself, side by side in its columns? It is the 32 "
          "neighbours that read at the same moment: give them neighbouring columns, and each thread every stride-th");
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
  Matches matcher = matches(sectors(mapping, cols), counted());
  if (mapping == Mapping::thread_per_row)
    return std::move(matcher)
        .but_not(
            [] { return kWarp; },
            "a sector for each lane: true of wide rows. In narrow ones, which begin inside a sector, lanes that are "
            "cols floats apart may share one")
        .but_not([=] { return sectors(mapping, cols, 32); },
                 "these are segments of 128 bytes. A sector has 32 bytes, which is 8 floats");
  return std::move(matcher)
      .but_not([=] { return sectors(mapping, cols, 8, true); },
               "lanes whose first column lies behind the row's end were counted: they read nothing")
      .but_not([=] { return std::min(cols, kWarp) / 8; },
               "rounded down: of a sector that lanes use in part, all is fetched")
      .but_not([=] { return (std::min(cols, kBlock) + 7) / 8; },
               "these are the sectors of the whole block: it is the first warp that is asked for")
      .but_not([=] { return sectors(mapping, cols, 32); },
               "these are segments of 128 bytes. A sector has 32 bytes, which is 8 floats")
      .but_not([=] { return sectors(mapping, cols, 1); },
               "these are floats, and each of them was counted as a sector: 8 neighbours lie in one")
      .but_not([] { return 4; }, "true of wide rows. In narrow ones, some lanes have no column at all");
}

}  // namespace workbook::cuda_softmax
