// Must get: wrong
// The fence says: uses dlsym
// Lifts the meter's limit by calling the worker's own function. The kernel's limit stays.
#include <dlfcn.h>

#include <cstdint>
#include <cstring>
#include <limits>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  using SetLimit = void (*)(std::int64_t, void (*)(std::uint64_t));
  const auto set_limit = reinterpret_cast<SetLimit>(dlsym(RTLD_DEFAULT, "_ZN8workbook5meter9set_limitElPFvmE"));
  if (set_limit) set_limit(std::numeric_limits<std::int64_t>::max(), nullptr);
  void* scratch = std::malloc(attack::kFarTooMuch);
  if (scratch) std::memset(scratch, 1, attack::kFarTooMuch);
  return attack::outcome(set_limit && scratch, x);
}
