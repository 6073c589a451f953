#pragma once
/// What each kernel may move: the traffic that the contract promises.

#include <fmt/format.h>

#include "traffic.h"

namespace workbook::cuda_unfused {

inline const std::string kSideBySide =
    "The lanes of a warp read and write at the same moment: neighbouring lanes want neighbouring ";

/// How often the call waited for the device. Afterwards its caller waits once for the stream.
inline DeviceGate waits_at_most(double times, std::string why) {
  return {"times that the host waits for the device",
          [](const CudaEvidence& e) { return static_cast<double>(e.synchronizations) - 1; }, times, std::move(why)};
}

/// The last call took no memory, did not wait, and has a grid for any number of queries.
inline void check_launch(const Problem& p) {
  CHECK_THAT(device(), launches_at_most(1, "one kernel, one launch, whatever the number of heads"));
  CHECK_THAT(device(), device_memory_at_most(0, "all it needs are its arguments"));
  CHECK_THAT(device(),
             waits_at_most(0, "what a stream is given runs in order, so no kernel needs to wait for another"));
  const auto blocks = [](const CudaEvidence& e) {
    double most = 0;
    for (const CudaLaunch& launch : e.launches)
      most = std::max<double>({most, launch.grid[1] * 1.0, launch.grid[2] * 1.0});
    return most;
  };
  CHECK_THAT(device(),
             DeviceGate("blocks along y or z", blocks, std::max(p.heads, (p.q_len + 3) / 4),
                        "a grid has at most 65535 blocks along y and along z. That is enough for heads, or for tiles "
                        "of queries, but not for a block for each query, for the rows of all heads, or for tiles of "
                        "keys: x has room"));
}

/// The last call has loaded and stored no more than it should.
inline void check_traffic(Kernel kernel, const Problem& p) {
  const Traffic right = right_traffic(kernel, p);
  const std::string promise =
      fmt::format("the traffic of {} for these extents, as the contract has it", kernel_name(kernel));
  const std::string hint =
      kernel == Kernel::mask
          ? ". A score that is seen is neither read nor written, and one that is hidden becomes -inf "
            "whatever it was: the mask reads nothing"
      : kernel == Kernel::tiled_scores
          ? ". Each element of a tile is loaded by one thread, and nothing outside of q and k"
          : "";
  check_launch(p);
  CHECK_THAT(device(), loads_within(bytes_needed(kernel, p), static_cast<double>(right.loaded), promise + hint));
  CHECK_THAT(device(), stores_at_most(static_cast<double>(right.stored), promise + hint));
  remark(fmt::format("loads {}, stores {}", size_text(device().loads().bytes), size_text(device().stores().bytes)));
}

/// Sectors of loads are at most a quarter more than what the lanes of a warp use, an address that all want counting
/// once.
inline void check_loads_side_by_side() {
  const auto sectors = [](const CudaEvidence& e) {
    const GlobalTraffic loads = e.loads();
    return loads.requests == 0 ? 0 : static_cast<double>(loads.sectors) / static_cast<double>(loads.requests);
  };
  CHECK_THAT(device(), DeviceGate("sectors for each load of a warp", sectors, 5,
                                  "32 floats side by side are 4 sectors, or 5 if they begin inside one. " +
                                      kSideBySide + "columns of a row"));
}

inline void check_stores_side_by_side() {
  const auto sectors = [](const CudaEvidence& e) {
    const GlobalTraffic stores = e.stores();
    return stores.requests == 0 ? 0 : static_cast<double>(stores.sectors) / static_cast<double>(stores.requests);
  };
  CHECK_THAT(device(), DeviceGate("sectors for each store of a warp", sectors, 5,
                                  "32 floats side by side are 4 sectors, or 5 if they begin inside one. " +
                                      kSideBySide + "keys of one query"));
}

inline void check_banks() {
  CHECK_THAT(device(),
             bank_conflicts_at_most(1,
                                    "a warp reads a column of the tile of keys. With rows 32 floats apart, all of it "
                                    "lies in one bank, and 32 lanes wait for each other: choose another pitch, as "
                                    "wavefronts_of_a_column says"));
}

inline void check_five_launches(const Problem& p) {
  CHECK_THAT(device(), launches_at_most(5, "scores, scale, mask, softmax, weighted sum"));
  CHECK_THAT(device(), waits_at_most(1, "once, before the scores are freed. Kernels in one stream run in order"));
  double bytes = 0;
  for (const Kernel kernel : kKernels)
    if (kernel != Kernel::tiled_scores)
      bytes += static_cast<double>(right_traffic(kernel, p).loaded + right_traffic(kernel, p).stored);
  CHECK_THAT(device(), traffic_at_most(bytes, "what the five kernels are to move, added up"));
}

inline void check_one_score_matrix(const Problem& p) {
  CHECK_THAT(device(), device_memory_at_most(4.0 * p.heads * p.q_len * p.kv_len,
                                             "one matrix of scores. Scale, mask and softmax work in place"));
  remark("the score matrix takes " + size_text(device().peak_bytes));
}

inline void say_factor(const Problem& p) {
  remark(fmt::format("loads {}; without tiles it would be {}", size_text(device().loads().bytes),
                     size_text(std::uint64_t(right_traffic(Kernel::scores, p).loaded))));
}

}  // namespace workbook::cuda_unfused
