#pragma once
/// Bounds on how a call launches and what it waits for, with the reason for each.

#include <algorithm>

#include "expected.h"

namespace workbook::cuda_fused {

/// Checks that the last call launched once.
inline void check_one_launch() {
  const auto& launches = device().launches;
  const bool same = std::ranges::all_of(launches, [&](const auto& l) { return l.kernel == launches.front().kernel; });
  CHECK_THAT(device(),
             launches_at_most(1, same ? "the same kernel was launched again and again: let one grid have the blocks of "
                                        "all queries, heads and sequences"
                                      : "scores, softmax and weighted sum are steps of one kernel: what lies between "
                                        "two launches has to go through global memory"));
}

/// Checks that the last call did not wait for the device. The worker waits, once, when the call has returned.
inline void check_nobody_waits() {
  CHECK_THAT(device(),
             DeviceGate(
                 "times that the host waits for the device",
                 [](const CudaEvidence& e) { return std::max(0., static_cast<double>(e.synchronizations) - 1); }, 0,
                 "a launch goes into `stream` and the call returns. Whoever needs the result waits"));
}

/// Checks the shape of the last call's launches: blocks of kThreads, and y and z of a grid that stay small.
inline void check_grid(const Problem& p) {
  const auto most = static_cast<std::uint32_t>(std::max(p.batch, p.heads));
  for (const CudaLaunch& l : device().launches) {
    CHECK_THAT(l.block[0] * l.block[1] * l.block[2] == kThreads,
               otherwise(fmt::format("{}: blocks of ({}, {}, {}) threads; expected kThreads, {}", l.kernel, l.block[0],
                                     l.block[1], l.block[2], kThreads)));
    CHECK_THAT(
        l.grid[1] <= most && l.grid[2] <= most,
        otherwise(fmt::format("{}: a grid of ({}, {}, {}) blocks for batch {}, heads {}, q_len {}. Along y and z "
                              "there may be 65535 blocks, and q_len or batch * heads may be more: only x can "
                              "count them",
                              l.kernel, l.grid[0], l.grid[1], l.grid[2], p.batch, p.heads, p.q_len)));
  }
}

}  // namespace workbook::cuda_fused
