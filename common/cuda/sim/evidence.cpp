/// What the worker asks after each call.

#include "common/cuda/evidence.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "common/cuda/instruments.h"
#include "common/cuda/sim/api_state.h"
#include "common/cuda/sim/engine.h"
#include "common/cuda/sim/fault.h"
#include "common/cuda/sim/held_work.h"
#include "common/cuda/sim/memory.h"
#include "common/cuda/sim/shadow.h"

using namespace workbook;
using namespace workbook::cuda;

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace {
std::size_t live_before = 0;
std::uintptr_t newest_before = 0;
std::uint64_t allocations_before = 0;
CudaEvidence finished;

/// What constructors have allocated would be in no call's evidence.
void when_loaded() {
  for (const auto& [first, allocation] : device_memory().all())
    if (!allocation.freed)
      report(
          CudaFaultKind::wrong,
          fmt::format("{{0}}: these {} bytes of device memory are allocated before any function is called. Each call "
                      "allocates what it needs, and frees it.",
                      allocation.bytes),
          {allocation.place});
}

/// Before the implementation's code runs.
void begin_call(const CudaTreatment& treatment) {
  device_memory().reset_peak();
  live_before = device_memory().live_bytes();
  allocations_before = device_memory().allocations();
  newest_before = device_memory().all().empty() ? 0 : device_memory().all().rbegin()->first;
  api_state().evidence = CudaEvidence();
  api_state().last = cudaSuccess;  // an earlier call's error is not this one's
  api_state().call = ++api_state().calls;
  api_state().allocations_until_refusal = treatment.refused_allocation;
  api_state().launches_until_refusal = treatment.refused_launch;
  if (treatment.kernels_last) held_work().hold();
}

/// After it has returned: kernels run if they come last. What is still allocated now is lost.
void end_call(bool run_kernels) {
  held_work().run(run_kernels);
  finished = std::exchange(api_state().evidence, {});
  api_state().allocations_until_refusal = api_state().launches_until_refusal = 0;
  finished.peak_bytes = device_memory().peak_bytes() - live_before;
  finished.allocations = device_memory().allocations() - allocations_before;
  for (const auto& [first, allocation] : device_memory().all())
    if (first > newest_before && !allocation.freed)
      report(CudaFaultKind::wrong,
             fmt::format("{{0}}: these {} bytes of device memory are never freed; every cudaMalloc needs its cudaFree.",
                         allocation.bytes),
             {allocation.place}, true);
  for (const cudaStream_t stream : api_state().streams)
    if (stream->call == api_state().call)
      report(CudaFaultKind::wrong,
             "{0}: this stream is never destroyed; every cudaStreamCreate needs its cudaStreamDestroy.",
             {stream->place}, true);
  api_state().call = 0;
}

/// What was observed of the call, and every fault until now.
void take_evidence(CudaEvidence* to) {
  *to = std::exchange(finished, {});
  to->simulated = true;
  to->counted = global_shadow().enabled();
  to->faults = take_faults();
}

/// Without a call that allocates or locks.
void who_runs(char* to, std::size_t room) {
  if (const Engine* engine = Engine::current()) {
    const Thread& t = engine->thread();
    const uint3 b = engine->block_index(), i = t.index;
    std::snprintf(to, room, "kernel %.60s, block (%u, %u, %u), thread (%u, %u, %u)", engine->launch().kernel, b.x, b.y,
                  b.z, i.x, i.y, i.z);
  }
}

void conceal(std::span<std::byte> sent, std::span<std::byte> elements) { held_work().conceal(sent, elements); }
void uncover() { held_work().uncover(); }
void reveal(std::span<std::byte> words) { held_work().reveal(words); }

}  // namespace

EXPORTED const Instruments workbook_instruments{.loaded_cuda = when_loaded,
                                                .begin_cuda = begin_call,
                                                .end_cuda = end_call,
                                                .take_cuda = take_evidence,
                                                .who_runs = who_runs,
                                                .conceal = conceal,
                                                .uncover = uncover,
                                                .reveal = reveal};
