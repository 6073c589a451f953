#include "common/cuda/sim/async_copies.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "common/cuda/sim/api_state.h"
#include "common/cuda/sim/fault.h"
#include "common/cuda/sim/held_work.h"
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

bool check_results(const AsyncCopy& copy) {
  const auto wrong = [](std::string text, const void* place) {
    report(CudaFaultKind::wrong, std::move(text), {place});
    api_state().fail(cudaErrorInvalidValue);
    return false;
  };
  const auto first = reinterpret_cast<std::uintptr_t>(copy.from);
  if (const std::size_t at = global_shadow().first_unwritten(first, copy.bytes); at < copy.bytes)
    return wrong(
        fmt::format("{{0}}: {} to the host: byte {} of {} was never written on the device. Which thread should "
                    "have written it?",
                    copy.function, at, copy.bytes),
        copy.place);
  if (const std::size_t at = global_shadow().first_from_host(first, copy.bytes); at < copy.bytes)
    return wrong(fmt::format("{{0}}: this is written by the host, and goes back to it as a result: byte {} of {} is "
                             "stored by no kernel in between. Results are computed and stored by kernels.",
                             at, copy.bytes),
                 api_state().host_wrote_at);
  return true;
}

namespace {

void move_now(const AsyncCopy& copy) {
  {
    const DeviceAccess access;
    std::memmove(copy.to, copy.from, copy.bytes);
  }
  const bool in_a_call = api_state().call != 0;
  if (copy.to_device) api_state().wrote(copy.to, copy.bytes, in_a_call, copy.place);
  if (in_a_call) note_copied(copy.to_device ? copy.from : copy.to, copy.bytes, copy.to_device);
}

/// Later the bytes come from where they were kept, or go to where the result is awaited.
void move_later(AsyncCopy copy) {
  HeldWork& work = held_work();
  if (copy.to_device) {
    const auto kept = HeldWork::keep(copy.from, copy.bytes);
    copy.from = kept->data();
    work.in_turn([copy, kept] {
      held_work().redeem({kept->data(), kept->size()});
      move_now(copy);
    });
  } else {
    copy.to = work.promise({static_cast<std::byte*>(copy.to), copy.bytes});
    work.in_turn([copy] {
      if (api_state().sticky == cudaSuccess && check_results(copy)) move_now(copy);
    });
  }
}

}  // namespace

void carry_out(const AsyncCopy& copy) { held_work().holds() ? move_later(copy) : move_now(copy); }

bool copies_are_pending = false;

void postpone(const AsyncCopy& copy) {
  pending().push_back(copy);
  copies_are_pending = true;
}

void land_copies(cudaStream_t stream) {
  const auto lands = [&](const AsyncCopy& copy) { return !stream || !copy.stream || copy.stream == stream; };
  for (const AsyncCopy& copy : pending()) {
    if (!lands(copy)) continue;
    carry_out(copy);
  }
  std::erase_if(pending(), lands);
  copies_are_pending = !pending().empty();
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
