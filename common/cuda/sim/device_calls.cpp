/// What a kernel's code calls: see the declarations in include/workbook_sim/.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "common/cuda/include/workbook_sim/atomics.h"
#include "common/cuda/include/workbook_sim/matrix.h"
#include "common/cuda/sim/engine.h"

using namespace workbook;
using namespace workbook::cuda;

#define EXPORTED extern "C" __attribute__((visibility("default")))
#define PLACE __builtin_return_address(0)

EXPORTED uint3 workbook_cuda_thread() { return Engine::current()->thread().index; }
EXPORTED uint3 workbook_cuda_block() { return Engine::current()->block_index(); }
EXPORTED uint3 workbook_cuda_block_extent() {
  const dim3& d = Engine::current()->launch().block;
  return {d.x, d.y, d.z};
}
EXPORTED uint3 workbook_cuda_grid_extent() {
  const dim3& d = Engine::current()->launch().grid;
  return {d.x, d.y, d.z};
}
EXPORTED void* workbook_cuda_dynamic_shared() {
  return Engine::current() ? Engine::current()->dynamic_shared() : nullptr;
}
EXPORTED int workbook_cuda_barrier(WorkbookBarrier kind, int predicate, int which) {
  return Engine::current()->barrier(kind, predicate, which, PLACE, __builtin_frame_address(0));
}
EXPORTED unsigned long long workbook_cuda_collective(WorkbookCollective what, unsigned mask, unsigned long long value,
                                                     int argument, int width) {
  return Engine::current()->collective(what, mask, value, argument, width, PLACE);
}
EXPORTED unsigned workbook_cuda_active_lanes() { return Engine::current()->active_lanes(PLACE); }
EXPORTED void workbook_cuda_fence(bool for_all_blocks) {
  if (global_shadow().enabled()) Engine::current()->fence(for_all_blocks);
}
EXPORTED long long workbook_cuda_clock() { return std::chrono::steady_clock::now().time_since_epoch().count(); }
EXPORTED void workbook_cuda_trap() {
  Engine* engine = Engine::current();
  engine->fault(CudaFaultKind::crashed, fmt::format("{{0}}: {}: __trap() was called", engine->who()), {PLACE});
}
EXPORTED void workbook_cuda_launch_bounds(int most_threads) {
  Engine::current()->check_launch_bounds(most_threads, PLACE);
}
EXPORTED void workbook_cuda_check_matrix(const void* address, int alignment, int stride, int stride_alignment,
                                         bool shared_only) {
  Engine::current()->check_matrix(address, alignment, stride, stride_alignment, shared_only, PLACE);
}
EXPORTED void workbook_cuda_async_copy(void* to, const void* from, int bytes, int source_bytes) {
  Engine* engine = Engine::current();
  engine->begin_copy({static_cast<char*>(to), static_cast<const char*>(from), static_cast<unsigned>(bytes),
                      static_cast<unsigned>(source_bytes), engine->thread().copy_group, PLACE});
}
EXPORTED void workbook_cuda_async_commit() { Engine::current()->commit_copies(); }
EXPORTED void workbook_cuda_async_wait(int groups) { Engine::current()->await_copies(groups); }

/// assert() in a kernel: the plugin's calls come here by the linker's --wrap.
EXPORTED void __wrap___assert_fail(const char* expression, const char*, unsigned, const char*) {
  const std::string what = fmt::format("the assertion `{}` failed", expression);
  if (Engine* engine = Engine::current())
    engine->fault(CudaFaultKind::crashed, fmt::format("{{0}}: {}: {}", engine->who(), what), {PLACE});
  report(CudaFaultKind::crashed, "{0}: " + what, {PLACE});
  std::abort();
}

namespace {

template <class T>
T combined(WorkbookAtomic what, T old, T operand, T expected) {
  switch (what) {
    case workbook_atomic_add:
      return static_cast<T>(old + operand);
    case workbook_atomic_min:
      return std::min(old, operand);
    case workbook_atomic_max:
      return std::max(old, operand);
    case workbook_atomic_exchange:
      return operand;
    case workbook_atomic_compare:
      return old == expected ? operand : old;
    case workbook_atomic_increment:
      return old >= operand ? T{0} : static_cast<T>(old + 1);
    case workbook_atomic_decrement:
      return old == T{0} || old > operand ? operand : static_cast<T>(old - 1);
    default:
      break;
  }
  if constexpr (std::is_integral_v<T>) {
    if (what == workbook_atomic_and) return static_cast<T>(old & operand);
    if (what == workbook_atomic_or) return static_cast<T>(old | operand);
    return static_cast<T>(old ^ operand);
  } else {
    return old;
  }
}

template <class T>
unsigned long long update(WorkbookAtomic what, void* address, unsigned long long operand, unsigned long long expected) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  const auto from_bits = [](unsigned long long bits) {
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  };
  auto* word = static_cast<Bits*>(address);
  Bits old = __atomic_load_n(word, __ATOMIC_RELAXED), next = 0;
  do {
    const T result = combined<T>(what, from_bits(old), from_bits(operand), from_bits(expected));
    std::memcpy(&next, &result, sizeof result);
  } while (!__atomic_compare_exchange_n(word, &old, next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return old;
}

}  // namespace

EXPORTED unsigned long long workbook_cuda_atomic(WorkbookAtomic what, WorkbookNumber type, void* address,
                                                 unsigned long long operand, unsigned long long expected) {
  Engine* engine = Engine::current();
  if (!engine) {
    report(CudaFaultKind::crashed, "{0}: an atomic function was called by the host; kernels call them.", {PLACE});
    return 0;
  }
  engine->note_atomic();
  if (global_shadow().enabled())
    engine->watch().access(reinterpret_cast<std::uintptr_t>(address),
                           type == workbook_i64 || type == workbook_u64 || type == workbook_f64 ? 8 : 4,
                           {.write = true, .atomic = true}, PLACE);
  switch (type) {
    case workbook_i32:
      return update<std::int32_t>(what, address, operand, expected);
    case workbook_u32:
      return update<std::uint32_t>(what, address, operand, expected);
    case workbook_i64:
      return update<std::int64_t>(what, address, operand, expected);
    case workbook_u64:
      return update<std::uint64_t>(what, address, operand, expected);
    case workbook_f32:
      return update<float>(what, address, operand, expected);
    case workbook_f64:
      return update<double>(what, address, operand, expected);
  }
  return 0;
}
