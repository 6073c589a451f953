#pragma once
/// What a softmax kernel may move, and how its threads may meet.

#include <fmt/format.h>

#include "common/checker/student.h"

namespace workbook::cuda_softmax {

inline double bytes_of(const Tensor& x) { return static_cast<double>(x.values().size_bytes()); }

/// A gate on a sum over all launches.
template <class Measure>
DeviceGate sum_at_most(std::string what, Measure measure, double bound, std::string why) {
  return {std::move(what),
          [measure](const CudaEvidence& e) {
            double sum = 0;
            for (const CudaLaunch& launch : e.launches) sum += static_cast<double>(measure(launch));
            return sum;
          },
          bound, std::move(why)};
}

/// One launch of kBlock threads a block, along x, and memory for x and y alone.
inline void check_launch(const Tensor& x) {
  const auto most = [](auto measure) {
    return [measure](const CudaEvidence& e) {
      double most = 0;
      for (const CudaLaunch& launch : e.launches) most = std::max(most, static_cast<double>(measure(launch)));
      return most;
    };
  };
  CHECK_THAT(device(), launches_at_most(1, "one kernel does it all, whatever the number of rows"));
  CHECK_THAT(device(), DeviceGate("threads in a block", most([](const CudaLaunch& l) {
                                    return std::uint64_t{l.block[0]} * l.block[1] * l.block[2];
                                  }),
                                  kBlock, "kBlock, in all of this lesson's kernels, whatever the shape", kBlock));
  CHECK_THAT(device(), DeviceGate("blocks along y and z",
                                  most([](const CudaLaunch& l) { return std::max(l.grid[1], l.grid[2]); }), 1,
                                  "the grid grows along x, where 2^31 - 1 blocks fit. Along y and z no more than 65535 "
                                  "do, and a matrix may have more rows"));
  CHECK_THAT(device(), device_memory_at_most(2 * bytes_of(x), "x and y"));
}

/// Each logit is read three times and each weight written once, by whoever.
inline void check_passes(const Tensor& x) {
  check_launch(x);
  CHECK_THAT(device(),
             loads_within(bytes_of(x), 3 * bytes_of(x),
                          "three passes over the matrix, for the maximum, the sum and the weights. Threads that "
                          "share a row share its columns out: none walks over all of them"));
  CHECK_THAT(device(), stores_at_most(bytes_of(x), "each weight is written once"));
}

/// Rows are whole sectors here, so every sector that is moved is used in full.
inline void check_coalesced(const Tensor& x) {
  CHECK_THAT(device(),
             sector_traffic_at_most(4 * bytes_of(x),
                                    "three passes of loads and one of stores, in sectors of which every byte is "
                                    "used. The 32 lanes of a warp read at the same moment: neighbours must read "
                                    "neighbouring columns, and then all of them step ahead by 32 or kBlock"));
}

inline void say_sectors() {
  const GlobalTraffic loads = device().loads();
  const auto sectors = static_cast<double>(loads.sectors);
  remark(fmt::format("{:.1f} sectors for each load of a warp; {:.1f} times the bytes that are used",
                     sectors / static_cast<double>(loads.requests), 32 * sectors / static_cast<double>(loads.bytes)));
}

inline void check_copies(const Tensor& x) {
  check_launch(x);
  const auto copied = [](const CudaEvidence& e) { return static_cast<double>(e.to_device.bytes + e.to_host.bytes); };
  CHECK_THAT(device(),
             DeviceGate("bytes copied between host and device", copied, 2 * bytes_of(x), "x there and y back"));
}

inline void check_banks() {
  CHECK_THAT(device(),
             bank_conflicts_at_most(1,
                                    "lanes that work at the same moment use neighbouring words, in different "
                                    "banks. If thread t adds the words 2 s t and 2 s t + s, its neighbours are 2 s "
                                    "words away, and 32 of them share 16 banks, then 8, then 4: let thread t < half "
                                    "add the words t and t + half"));
}

inline void check_barriers(std::int64_t rows) {
  constexpr int kHalvings = 7;  // log2(kBlock)
  CHECK_THAT(device(), sum_at_most(
                           "barriers", [](const CudaLaunch& l) { return l.operations.barriers; },
                           static_cast<double>(rows) * (2 * kHalvings + 6),
                           "for each row two numbers, and for each of them one barrier before the first halving, one "
                           "after each of 7, one before the memory is used again, and one to spare"));
}

inline void check_shuffles(std::int64_t rows) {
  CHECK_THAT(device(), sum_at_most(
                           "accesses to shared memory",
                           [](const CudaLaunch& l) { return l.shared_loads.requests + l.shared_stores.requests; }, 0,
                           "lanes look into each other's registers"));
  CHECK_THAT(device(), sum_at_most(
                           "barriers", [](const CudaLaunch& l) { return l.operations.barriers; }, 0,
                           "a warp goes in step; nobody else is waited for"));
  CHECK_THAT(device(),
             sum_at_most(
                 "shuffles", [](const CudaLaunch& l) { return l.operations.warp_collectives; },
                 12.0 * static_cast<double>(rows), "for each row two numbers, five steps each, and two to spare"));
}

}  // namespace workbook::cuda_softmax
