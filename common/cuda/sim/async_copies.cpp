#include "common/cuda/sim/async_copies.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "common/cuda/sim/fault.h"
#include "common/cuda/sim/shadow.h"

namespace workbook::cuda {
namespace {

std::vector<AsyncCopy>& pending() {
  static auto* copies = new std::vector<AsyncCopy>;
  return *copies;
}

}  // namespace

void postpone(const AsyncCopy& copy) { pending().push_back(copy); }

void land_copies(cudaStream_t stream) {
  const auto lands = [&](const AsyncCopy& copy) { return !stream || !copy.stream || copy.stream == stream; };
  for (const AsyncCopy& copy : pending()) {
    if (!lands(copy)) continue;
    std::memmove(copy.to, copy.from, copy.bytes);
    if (copy.to_device) global_shadow().set_written(reinterpret_cast<std::uintptr_t>(copy.to), copy.bytes);
  }
  std::erase_if(pending(), lands);
}

void check_host_access(std::uintptr_t address, bool write, const void* place) {
  for (const AsyncCopy& copy : pending()) {
    const auto first = reinterpret_cast<std::uintptr_t>(copy.to_device ? copy.from : copy.to);
    if (address - first >= copy.bytes || (copy.to_device && !write)) continue;
    report(CudaFaultKind::wrong,
           copy.to_device
               ? "{0}: the host overwrites what the cudaMemcpyAsync {at1} may not have read yet. Wait for its "
                 "stream first: cudaStreamSynchronize."
               : "{0}: the host uses what the cudaMemcpyAsync {at1} may not have written yet. Wait for its "
                 "stream first: cudaStreamSynchronize.",
           {place, copy.place});
    return;
  }
}

}  // namespace workbook::cuda
