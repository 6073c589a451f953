#include "common/worker/throws.h"

#include <dlfcn.h>
#include <execinfo.h>

#include <array>
#include <mutex>

namespace workbook {
namespace {

struct LastThrow {
  std::mutex mutex;
  std::array<void*, 48> frames;
  int count = 0;
};

LastThrow& last_throw() {
  static LastThrow last;
  return last;
}

}  // namespace

std::vector<std::uintptr_t> take_last_throw() {
  LastThrow& last = last_throw();
  const std::lock_guard lock(last.mutex);
  std::vector<std::uintptr_t> addresses;
  for (int i = 0; i < last.count; ++i)
    addresses.push_back(reinterpret_cast<std::uintptr_t>(last.frames[static_cast<std::size_t>(i)]));
  last.count = 0;
  return addresses;
}

}  // namespace workbook

/// Found before the C++ library's own, because the worker exports it.
extern "C" [[noreturn]] __attribute__((visibility("default"))) void __cxa_throw(void* thrown, void* type,
                                                                                void (*destroy)(void*)) {
  using Throw = void (*)(void*, void*, void (*)(void*));
  static const auto next = reinterpret_cast<Throw>(dlsym(RTLD_NEXT, "__cxa_throw"));
  {
    workbook::LastThrow& last = workbook::last_throw();
    const std::lock_guard lock(last.mutex);
    last.count = backtrace(last.frames.data(), static_cast<int>(last.frames.size()));
  }
  next(thrown, type, destroy);
  __builtin_unreachable();
}
