/// Tells the first data race that ThreadSanitizer finds, as the worker's last words. Of the worker that plugins of the
/// `tsan` flavour are loaded into.

#include <array>
#include <cstring>
#include <thread>

#include "common/worker/fatal.h"

namespace {

/// With the first thread ThreadSanitizer starts one of its own, which would count as one that the implementation left.
const bool is_started = (std::thread([] {}).join(), true);

}  // namespace

// ThreadSanitizer's interface for debuggers has no header: compiler-rt/lib/tsan/rtl/tsan_interface.h.
extern "C" {
int __tsan_get_report_data(void* report, const char** description, int* count, int* stack_count, int* mop_count,
                           int* loc_count, int* mutex_count, int* thread_count, int* unique_tid_count,
                           void** sleep_trace, unsigned long trace_size);
int __tsan_get_report_mop(void* report, unsigned long index, int* tid, void** address, int* size, int* write,
                          int* atomic, void** trace, unsigned long trace_size);

/// The report's own text would stand in the output that students see.
__attribute__((visibility("default"))) const char* __tsan_default_options() {
  return "log_path=/dev/null report_bugs=1 halt_on_error=0 report_thread_leaks=0";
}

__attribute__((visibility("default"))) void __tsan_on_report(void* report) {
  const char* description = nullptr;
  int count = 0, stacks = 0, accesses = 0, locations = 0, mutexes = 0, threads = 0, thread_ids = 0;
  void* sleep_trace[1] = {};
  __tsan_get_report_data(report, &description, &count, &stacks, &accesses, &locations, &mutexes, &threads, &thread_ids,
                         sleep_trace, 1);
  if (!description || std::strstr(description, "data-race") == nullptr) return;
  std::array<std::uintptr_t, 2> found{};
  std::size_t n = 0;
  for (int i = 0; i < accesses && n < found.size(); ++i) {
    int thread = 0, size = 0, write = 0, atomic = 0;
    void *address = nullptr, *trace[32] = {};
    __tsan_get_report_mop(report, static_cast<unsigned long>(i), &thread, &address, &size, &write, &atomic, trace, 32);
    for (void* const call : trace)
      if (const auto at = reinterpret_cast<std::uintptr_t>(call); workbook::fatal::is_in_plugin(at)) {
        found[n++] = at;
        break;
      }
  }
  if (n > 0) workbook::fatal::data_race({found.data(), n});
}
}
