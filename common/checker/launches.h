#pragma once
/// Gates on how a call launches, with the reason for each: how often, in which grid, and whether it waits.

#include <algorithm>

#include "common/checker/device_matchers.h"

namespace workbook {

/// One launch. `steps` says why the steps of the computation need no launches of their own.
inline DeviceGate launches_once(const CudaEvidence& evidence, const std::string& steps) {
  const auto& launches = evidence.launches;
  const bool same = std::ranges::all_of(launches, [&](const auto& l) { return l.kernel == launches.front().kernel; });
  return launches_at_most(1, same ? "the same kernel was launched again and again: let one grid have the blocks of all "
                                    "queries, heads and sequences"
                                  : steps);
}

/// No wait for the device. The worker waits, once, when the call has returned.
inline DeviceGate nobody_waits() {
  return {"times that the host waits for the device",
          [](const CudaEvidence& e) { return std::max(0., static_cast<double>(e.synchronizations) - 1); }, 0,
          "a launch goes into `stream` and the call returns. Whoever needs the result waits"};
}

/// A grid's y and z, which end at 65535, count sequences or heads, and nothing that may be more.
inline DeviceGate counts_along_x(int batch, int heads) {
  return {"blocks along y or z of a grid",
          [](const CudaEvidence& e) {
            std::uint32_t most = 0;
            for (const CudaLaunch& l : e.launches) most = std::max({most, l.grid[1], l.grid[2]});
            return static_cast<double>(most);
          },
          static_cast<double>(std::max(batch, heads)),
          "there may be 65535 of them, but q_len, or batch * heads, may be more: only x can count these"};
}

/// Blocks of so many threads.
inline DeviceGate blocks_of(int threads) {
  return {"blocks with another number of threads than kThreads",
          [threads](const CudaEvidence& e) {
            return static_cast<double>(std::ranges::count_if(e.launches, [&](const CudaLaunch& l) {
              return l.block[0] * l.block[1] * l.block[2] != static_cast<std::uint32_t>(threads);
            }));
          },
          0, "the contract says how many threads a block has"};
}

}  // namespace workbook
