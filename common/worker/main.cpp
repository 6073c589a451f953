/// The worker: loads one implementation and serves calls until the checker hangs up or something fatal happens.
///
///     worker PLUGIN MEMORY_BYTES CPU_SECONDS [keep-pages]
///
/// MEMORY_BYTES of 2^64 - 1: memory is counted and not limited. With keep-pages, glibc's allocator is left as it is.
///
/// File descriptor 3 is the socket to the checker. All limits are in place before the plugin is loaded, because its
/// static constructors are already the student's code.

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "common/worker/fatal.h"
#include "common/worker/frames.h"
#include "common/worker/host.h"
#include "common/worker/lockdown.h"
#include "common/worker/meter.h"

namespace {

using namespace workbook;

constexpr int kSocket = 3;
constexpr rlim_t kMaxOutput = rlim_t{16} << 20;
// Beside what a test allows: a few threads' stacks and fragmentation. What forged counters could hide; so it is small.
constexpr rlim_t kSlack = rlim_t{4} << 20;
constexpr std::size_t kThreadStack = std::size_t{256} << 10;

void limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  const rlimit both{soft, hard};
  setrlimit(resource, &both);
}

/// What counts as data already, found by trying which limit admits a page more: a sandbox has no /proc to ask.
rlim_t data_bytes_now() {
  constexpr rlim_t kPage = 4096;
  rlimit before{};
  getrlimit(RLIMIT_DATA, &before);
  rlim_t refused = 0;
  for (rlim_t step = rlim_t{128} << 20; step >= kPage; step /= 2) {
    limit(RLIMIT_DATA, refused + step, before.rlim_max);
    const auto* const at = reinterpret_cast<void*>(
        syscall(SYS_mmap, nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (at == MAP_FAILED)
      refused += step;
    else
      syscall(SYS_munmap, at, kPage);
  }
  setrlimit(RLIMIT_DATA, &before);
  return refused;
}

/// The kernel's limits back the meter's, which a plugin could go around.
void set_limits(std::uint64_t memory, std::uint64_t cpu_seconds) {
  limit(RLIMIT_CORE, 0, 0);
  signal(SIGXFSZ, SIG_IGN);
  if (memory != meter::kUnlimited) limit(RLIMIT_FSIZE, kMaxOutput, kMaxOutput);  // a driver may write files
  limit(RLIMIT_CPU, cpu_seconds + 1, cpu_seconds + 2);
  // A sanitizer reserves terabytes; CUDA's driver reserves as much, and has threads of its own.
  if (!meter::is_on() || memory == meter::kUnlimited) return;
  pthread_attr_t threads;
  pthread_attr_init(&threads);
  pthread_attr_setstacksize(&threads, kThreadStack);
  pthread_setattr_default_np(&threads);
  pthread_attr_destroy(&threads);
  const rlim_t data = data_bytes_now() + memory + kSlack;
  limit(RLIMIT_DATA, data, data);
  meter::set_limit(meter::live_bytes() + static_cast<std::int64_t>(memory), fatal::out_of_memory);
}

/// What is freed goes back to the kernel, and no thread reserves a heap of its own: the kernel's count of this process
/// then stays near the meter's.
void keep_memory_tight() {
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_TRIM_THRESHOLD, 128 << 10);
  mallopt(M_ARENA_MAX, 1);
}

/// Says Ready, and waits until the checker has seen how large this process is with nothing of the implementation in it.
bool introduced() {
  FrameHeader seen{};
  return send_frame(kSocket, FrameKind::ready, {}) && read_exactly(kSocket, &seen, sizeof seen) &&
         seen.kind == FrameKind::ready;
}

void serve(const LoadedPlugin& plugin, MeasuredStack* stack) {
  MeteringHost host(plugin, stack);
  fatal::set_who_runs(host.instruments().who_runs);
  for (;;) {
    FrameHeader header;
    if (!read_exactly(kSocket, &header, sizeof header) || header.kind != FrameKind::request) return;
    std::vector<std::byte> request(header.length);
    if (!read_exactly(kSocket, request.data(), request.size())) return;
    const Writer reply = serve_request(plugin, host, request);
    std::fflush(stdout);  // a line without an end is read, too: this process does not end in an orderly way
    if (!send_frame(kSocket, FrameKind::reply, reply.bytes(), header.id)) return;
  }
}

int run(const char* path, std::uint64_t memory, std::uint64_t cpu_seconds, bool keep_pages) {
  fcntl(kSocket, F_SETFD, FD_CLOEXEC);
  // Never destroyed: an implementation that calls exit() is still standing on it.
  MeasuredStack* measured = meter::is_on() ? new MeasuredStack : nullptr;
  fatal::set_channel(kSocket);
  if (measured) fatal::install(measured);  // a sanitizer reports crashes itself
  set_limits(memory, cpu_seconds);
  if (!keep_pages) keep_memory_tight();
  setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // what was printed before a crash is there to read
  lock_down(kSocket);
  if (!introduced()) return 0;
  const LoadedPlugin plugin = load_plugin(path);
  fatal::set_plugin_range(plugin.first, plugin.last);
  Hello hello{plugin.table ? plugin.table->contract : "", plugin.error, meter::is_on()};
  Writer out;
  encode(out, hello);
  if (send_frame(kSocket, FrameKind::hello, out.bytes()) && plugin.table) serve(plugin, measured);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const bool keep_pages = argc == 5 && std::string_view(argv[4]) == "keep-pages";
  if (argc != 4 && !keep_pages) {
    static constexpr char usage[] =
        "usage: worker PLUGIN MEMORY_BYTES CPU_SECONDS [keep-pages]   (started by a checker)\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, usage, sizeof usage - 1);
    return 2;
  }
  const int status = run(argv[1], std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10), keep_pages);
  _exit(status);  // no destructors: nothing of the plugin's runs after its last call
}
