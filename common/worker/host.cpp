#include "common/worker/host.h"

#include <dlfcn.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "common/worker/meter.h"
#include "common/worker/threads.h"
#include "common/worker/throws.h"

namespace workbook {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMaxWatched = 16;
constexpr std::size_t kMostCalls = 16;

std::uint32_t running_threads() { return threads_of(getpid()).value_or(Threads{}).others; }

/// Whether this is the only thread, soon. In a sandbox nobody lists threads, but the kernel parts none from others:
/// EINVAL. Another error says nothing, as in a container that forbids the call. A joined thread that still has to end
/// waits for a processor, on a busy machine for longer; whoever leaves threads running is waited for once.
bool alone() {
  static int looks = 2000;
  for (int look = 0; syscall(SYS_unshare, CLONE_THREAD) != 0 && errno == EINVAL; ++look) {
    if (look == looks) {
      looks = 50;
      return false;
    }
    const timespec moment{0, 1'000'000};
    nanosleep(&moment, nullptr);
  }
  return true;
}

const Instruments* instruments_of(void* library) {
  return library ? static_cast<const Instruments*>(dlsym(library, kInstruments)) : nullptr;
}

}  // namespace

MeteringHost::MeteringHost(const LoadedPlugin& plugin, MeasuredStack* stack) : plugin_(plugin), stack_(stack) {
  // Asked of the library itself, for a plugin's own symbol of that name comes before the library's.
  for (const char* library : {"libworkbook_sim.so", "libworkbook_counting.so"})
    if (const Instruments* found = instruments_of(dlopen(library, RTLD_NOLOAD | RTLD_LAZY))) instruments_ = *found;
  // The GPU's flavour has its table in the plugin; from there, only the preparation of a call is taken.
  if (const Instruments* own = instruments_of(plugin.handle); own && !instruments_.take_cuda)
    instruments_.begin_cuda = own->begin_cuda;
  pause_openmp_ = reinterpret_cast<void (*)(int)>(dlsym(plugin.handle, "omp_pause_resource_all"));
  if (instruments_.loaded_cuda) instruments_.loaded_cuda();
  if (plugin.table->start_device) plugin.table->start_device();
}

void MeteringHost::watch(std::uint32_t index, std::span<const std::byte> elements, bool writes_too) {
  if (instruments_.watch_reads && index < kMaxWatched) instruments_.watch_reads(index, elements, writes_too);
}

void MeteringHost::keep(const void* data, std::size_t bytes) {
  constexpr std::uintptr_t kPage = 4096;
  const auto first = (reinterpret_cast<std::uintptr_t>(data) + kPage - 1) & ~(kPage - 1);
  const auto last = (reinterpret_cast<std::uintptr_t>(data) + bytes) & ~(kPage - 1);
  if (meter::is_on() && first < last) kept_.emplace_back(reinterpret_cast<std::byte*>(first), last - first);
}

namespace {
std::span<std::byte> writable(std::span<const std::byte> bytes) {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}
}  // namespace

void MeteringHost::conceal(std::span<const std::byte> sent, std::span<const std::byte> elements) {
  if (treatment_.kernels_last && instruments_.conceal) instruments_.conceal(writable(sent), writable(elements));
}

void MeteringHost::reveal(std::span<const std::byte> elements) {
  if (treatment_.kernels_last && instruments_.reveal) instruments_.reveal(writable(elements));
}

void MeteringHost::call(void (*body)(void*), void* context, Evidence& evidence) {
  std::array<std::uint64_t, kMaxWatched> reads{};
  if (instruments_.take_reads) instruments_.take_reads(reads.data(), 0);  // forgets what the decoding read
  if (instruments_.begin_cuda) instruments_.begin_cuda(treatment_);
  const std::uint32_t threads = running_threads();
  for (const auto& pages : kept_) mprotect(pages.data(), pages.size(), PROT_READ);
  live_before_ = meter::live_bytes();
  const std::uint64_t allocations = meter::allocations();
  meter::reset_peak();
  if (take_last_throw) take_last_throw();
  const auto start = Clock::now();
  if (stack_)
    evidence.stack = stack_->run(body, context);
  else
    body(context);
  const std::chrono::duration<double> elapsed = Clock::now() - start;
  note_throw();
  if (pause_openmp_) pause_openmp_(2);  // omp_pause_hard: its pool is not the implementation's doing
  // A thread that is left could give kernels what it computes of their inputs.
  const bool run_kernels = !treatment_.kernels_last || alone();
  if (instruments_.end_cuda) instruments_.end_cuda(run_kernels);
  for (const auto& pages : kept_) mprotect(pages.data(), pages.size(), PROT_READ | PROT_WRITE);
  kept_.clear();
  evidence.kept = meter::live_bytes() - live_before_;
  evidence.heap_peak = static_cast<std::uint64_t>(meter::peak_bytes() - live_before_);
  evidence.allocations = meter::allocations() - allocations;
  evidence.static_data = plugin_.static_data;
  evidence.seconds.assign(1, elapsed.count());
  if (instruments_.take_reads) {
    const std::size_t watched = instruments_.take_reads(reads.data(), reads.size());
    evidence.bytes_read.assign(reads.begin(), reads.begin() + static_cast<std::ptrdiff_t>(watched));
  }
  const std::uint32_t now = running_threads();
  evidence.threads_left = std::max(now - std::min(now, threads), run_kernels ? 0u : 1u);
  if (instruments_.uncover) instruments_.uncover();  // not before: a thread that is left would see the values
}

void MeteringHost::note_throw() {
  thrown_at_.clear();
  if (!take_last_throw) return;
  for (const std::uintptr_t address : take_last_throw())  // a return address belongs to the instruction before it
    if (address > plugin_.first && address <= plugin_.last && thrown_at_.size() < kMostCalls)
      thrown_at_.push_back(address - 1 - plugin_.first);
}

void MeteringHost::drop(void (*body)(void*), void* context, Evidence& evidence) {
  const std::int64_t before = meter::live_bytes();
  body(context);
  evidence.returned = static_cast<std::uint64_t>(before - meter::live_bytes());
  evidence.kept -= static_cast<std::int64_t>(evidence.returned);
  if (instruments_.take_cuda) instruments_.take_cuda(&evidence.cuda);
}

Writer serve_request(const LoadedPlugin& plugin, CallHost& host, std::span<const std::byte> request) {
  Writer reply;
  try {
    Reader in(request);
    const auto head = decode<RequestHead>(in);
    host.set_treatment(head.treatment);
    plugin.table->serve(head, in, reply, host);
  } catch (const std::exception& e) {
    ReplyHead head{Outcome::threw, "a malformed request", e.what(), 0, {}, {}};
    reply = Writer();
    encode(reply, head);
  }
  return reply;
}

}  // namespace workbook
