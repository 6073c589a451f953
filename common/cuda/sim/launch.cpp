#include "common/cuda/sim/launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/cuda/sim/api_state.h"
#include "common/cuda/sim/async_copies.h"
#include "common/cuda/sim/engine.h"
#include "common/cuda/sim/held_work.h"
#include "common/cuda/sim/memory.h"
#include "common/cuda/sim/plugin_image.h"
#include "common/cuda/sim/symbols.h"

namespace workbook::cuda {

void add_counts(CudaLaunch& to, const CudaLaunch& from) {
  to.loads += from.loads;
  to.stores += from.stores;
  to.shared_loads += from.shared_loads;
  to.shared_stores += from.shared_stores;
  to.operations += from.operations;
}

namespace {

/// Engines wait here for the next launch: their stacks are costly to make.
class Engines {
 public:
  std::unique_ptr<Engine> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<Engine>();
    auto engine = std::move(free_.back());
    free_.pop_back();
    return engine;
  }
  void give(std::unique_ptr<Engine> engine) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(engine));
  }
  bool have(std::uintptr_t address) {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(free_, [&](const auto& engine) { return engine->has(address); });
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Engine>> free_;
};

Engines& engines() {
  static auto* all = new Engines;
  return *all;
}

/// Blocks in order; several cores take the next one each.
struct Blocks {
  const Launch& launch;
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> stopped{false};
  std::mutex mutex;
  CudaLaunch counts;

  explicit Blocks(const Launch& launch) : launch(launch) {}

  void work() {
    auto engine = engines().take();
    engine->begin(launch);
    while (!stopped) {
      const std::uint64_t block = next++;
      if (block >= launch.blocks()) break;
      if (!engine->run(block)) stopped = true;
    }
    engine->end();
    {
      const std::lock_guard lock(mutex);
      add_counts(counts, engine->counts());
    }
    engines().give(std::move(engine));
  }
};

/// The instrumented flavour keeps to one core: its reports are then the same each time.
unsigned cores_for(const Launch& launch) {
  if (global_shadow().enabled()) return 1;
  static const char* const wanted = std::getenv("WORKBOOK_SIM_CORES");
  constexpr unsigned kMost = 8, kWorthIt = 2048;
  const unsigned cores = wanted ? static_cast<unsigned>(std::max(1, std::atoi(wanted)))
                                : std::min(kMost, std::thread::hardware_concurrency());
  if (launch.blocks() * launch.threads() < kWorthIt) return 1;
  return static_cast<unsigned>(std::min<std::uint64_t>(cores, launch.blocks()));
}

void run_blocks(Blocks& blocks) {
  std::vector<std::thread> others;
  try {
    for (unsigned i = 1; i < cores_for(blocks.launch); ++i) others.emplace_back([&] { blocks.work(); });
  } catch (const std::system_error&) {
    // A sandbox may not allow threads: fewer cores do.
  }
  blocks.work();
  for (std::thread& other : others) other.join();
}

std::string text_of(const dim3& d) { return fmt::format("({}, {}, {})", d.x, d.y, d.z); }

/// What a GPU would refuse; empty if nothing.
std::string refusal(const char* kernel, const void* address, const dim3& grid, const dim3& block,
                    unsigned long long shared_bytes, const void* code) {
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  const std::string start = fmt::format("{{0}}: kernel {} is launched with ", kernel);
  if (threads == 0 || grid.x == 0 || grid.y == 0 || grid.z == 0)
    return start + fmt::format("grid {} and block {}; expected no extent to be 0.", text_of(grid), text_of(block));
  if (threads > kMaxThreads || block.x > kMaxThreads || block.y > kMaxThreads || block.z > 64)
    return start + fmt::format("block {}, {} threads; expected at most 1024, and 64 along z.", text_of(block), threads);
  if (grid.x > 0x7fffffff || grid.y > 65535 || grid.z > 65535)
    return start + fmt::format("grid {}; expected at most 65535 blocks along y and z.", text_of(grid));
  if (const std::size_t all = plugin_image_of(code).shared_bytes; all > kSharedOptIn)
    return start +
           fmt::format("{} bytes in all __shared__ and thread_local variables of the file; expected at most {}.", all,
                       kSharedOptIn);
  const std::size_t fixed = address ? symbols_of(address).shared_bytes_of(address) : 0;
  if (fixed > kSharedPerBlock)
    return start + fmt::format(
                       "{} bytes in __shared__ variables; expected at most {}. What is larger is dynamic: extern "
                       "__shared__, and its size in <<<>>>.",
                       fixed, kSharedPerBlock);
  if (const std::size_t limit = dynamic_shared_limit(address) - fixed; shared_bytes > limit)
    return start + fmt::format(
                       "{} bytes of dynamic shared memory; expected at most {}. More than 48 KiB, up to 163 KiB, "
                       "needs cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes).",
                       shared_bytes, limit);
  return {};
}

void run(Launch launch, const void* arguments) {
  ApiState& state = api_state();
  if (state.sticky != cudaSuccess) return;
  launch.arguments = arguments;
  Blocks blocks(launch);
  {
    const DeviceAccess access;
    run_blocks(blocks);
  }
  CudaLaunch& counts = blocks.counts;
  counts.kernel = launch.kernel;
  counts.grid = {launch.grid.x, launch.grid.y, launch.grid.z};
  counts.block = {launch.block.x, launch.block.y, launch.block.z};
  counts.dynamic_shared = launch.dynamic_shared;
  state.note_launch(counts);
  if (blocks.stopped) state.sticky = state.last = cudaErrorLaunchFailure;
}

}  // namespace

bool is_of_blocks(std::uintptr_t address) { return engines().have(address); }

}  // namespace workbook::cuda

using namespace workbook;
using namespace workbook::cuda;

extern "C" __attribute__((visibility("default"))) void workbook_cuda_launch(
    const char* kernel, const void* address, const dim3* grid, const dim3* block, unsigned long long shared_bytes,
    cudaStream_t stream, void (*thread)(const void*), const void* arguments, unsigned long long argument_bytes) {
  ApiState& state = api_state();
  if (Engine::current())
    Engine::current()->fault(CudaFaultKind::crashed, "{0}: a kernel launches a kernel, which is not simulated",
                             {__builtin_return_address(0)});
  if (state.sticky != cudaSuccess) return;
  if (const std::string why =
          refusal(kernel, address, *grid, *block, shared_bytes, reinterpret_cast<const void*>(thread));
      !why.empty()) {
    report(CudaFaultKind::wrong, why, {__builtin_return_address(0)});
    state.last = cudaErrorInvalidConfiguration;
    return;
  }
  if (state.refuses(state.launches_until_refusal)) {
    state.last = cudaErrorLaunchOutOfResources;
    return;
  }
  if (!stream && std::ranges::any_of(state.streams, [](cudaStream_t made) { return made->call == 0; }))
    report(
        CudaFaultKind::wrong,
        fmt::format("{{0}}: kernel {} is launched into the default stream; expected the stream that the function was "
                    "given: <<<blocks, threads, bytes of dynamic shared memory, stream>>>. The caller waits for that "
                    "one only.",
                    kernel),
        {__builtin_return_address(0)});
  land_copies(stream);
  const Launch launch{kernel, *grid,   *block,         shared_bytes,
                      thread, nullptr, argument_bytes, dynamic_shared_limit(address)};
  if (!held_work().holds()) return run(launch, arguments);
  const auto kept = HeldWork::keep(arguments, argument_bytes);  // as a GPU takes them: byte by byte
  held_work().in_turn([launch, kept] { run(launch, kept->data()); });
}
