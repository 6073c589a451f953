#include "common/cuda/sim/async_copies.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "common/cuda/sim/api_state.h"
#include "common/cuda/sim/fault.h"
#include "common/cuda/sim/memory.h"
#include "common/cuda/sim/shadow.h"

namespace workbook::cuda {
namespace {

std::vector<AsyncCopy>& pending() {
  static auto* copies = new std::vector<AsyncCopy>;
  return *copies;
}

}  // namespace

void note_copied(const void* host_bytes, std::size_t bytes, bool to_device) {
  ApiState& state = api_state();
  CudaCopies& copies = to_device ? state.evidence.to_device : state.evidence.to_host;
  copies.bytes += bytes;
  copies.fingerprint = fingerprint({static_cast<const std::byte*>(host_bytes), bytes}, copies.fingerprint);
}

void carry_out(const AsyncCopy& copy) {
  {
    const DeviceAccess access;
    std::memmove(copy.to, copy.from, copy.bytes);
  }
  const bool in_a_call = api_state().call != 0;
  if (copy.to_device) api_state().wrote(copy.to, copy.bytes, in_a_call, copy.place);
  if (in_a_call) note_copied(copy.to_device ? copy.from : copy.to, copy.bytes, copy.to_device);
}

void postpone(const AsyncCopy& copy) { pending().push_back(copy); }

void land_copies(cudaStream_t stream) {
  const auto lands = [&](const AsyncCopy& copy) { return !stream || !copy.stream || copy.stream == stream; };
  for (const AsyncCopy& copy : pending()) {
    if (!lands(copy)) continue;
    carry_out(copy);
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
