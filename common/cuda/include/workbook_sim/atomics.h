#pragma once
/// Atomic operations on global and shared memory.

#include <cstring>
#include <type_traits>

#include "language.h"

enum WorkbookAtomic {
  workbook_atomic_add,
  workbook_atomic_min,
  workbook_atomic_max,
  workbook_atomic_and,
  workbook_atomic_or,
  workbook_atomic_xor,
  workbook_atomic_exchange,
  workbook_atomic_compare,
  workbook_atomic_increment,
  workbook_atomic_decrement,
};
enum WorkbookNumber { workbook_i32, workbook_u32, workbook_i64, workbook_u64, workbook_f32, workbook_f64 };

/// Replaces the number at `address` by the operation's result; returns what was there.
extern "C" WORKBOOK_BOTH unsigned long long workbook_cuda_atomic(enum WorkbookAtomic what, enum WorkbookNumber type,
                                                                 void* address, unsigned long long operand,
                                                                 unsigned long long expected);

namespace workbook::cuda {

template <class T>
constexpr WorkbookNumber number_type() {
  if constexpr (std::is_same_v<T, float>)
    return workbook_f32;
  else if constexpr (std::is_same_v<T, double>)
    return workbook_f64;
  else if constexpr (sizeof(T) == 8)
    return std::is_signed_v<T> ? workbook_i64 : workbook_u64;
  else
    return std::is_signed_v<T> ? workbook_i32 : workbook_u32;
}

template <class T>
WORKBOOK_INLINE T atomic(WorkbookAtomic what, T* address, T operand, T expected = T{}) {
  static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8), "an atomic works on 4 or 8 bytes");
  unsigned long long a = 0, b = 0;
  __builtin_memcpy(&a, &operand, sizeof(T));
  __builtin_memcpy(&b, &expected, sizeof(T));
  const unsigned long long old = workbook_cuda_atomic(what, number_type<T>(), address, a, b);
  T result;
  __builtin_memcpy(&result, &old, sizeof(T));
  return result;
}

/// The operand is converted to the number's own type, as by an ordinary call.
template <class T>
using Same = std::type_identity_t<T>;

}  // namespace workbook::cuda

#define WORKBOOK_ATOMIC(name, what)                                     \
  template <class T>                                                    \
  WORKBOOK_INLINE T name(T* address, workbook::cuda::Same<T> operand) { \
    return workbook::cuda::atomic<T>(what, address, operand);           \
  }
WORKBOOK_ATOMIC(atomicAdd, workbook_atomic_add)
WORKBOOK_ATOMIC(atomicMin, workbook_atomic_min)
WORKBOOK_ATOMIC(atomicMax, workbook_atomic_max)
WORKBOOK_ATOMIC(atomicAnd, workbook_atomic_and)
WORKBOOK_ATOMIC(atomicOr, workbook_atomic_or)
WORKBOOK_ATOMIC(atomicXor, workbook_atomic_xor)
WORKBOOK_ATOMIC(atomicExch, workbook_atomic_exchange)
WORKBOOK_ATOMIC(atomicInc, workbook_atomic_increment)
WORKBOOK_ATOMIC(atomicDec, workbook_atomic_decrement)
#undef WORKBOOK_ATOMIC
template <class T>
WORKBOOK_INLINE T atomicSub(T* address, workbook::cuda::Same<T> operand) {
  return workbook::cuda::atomic<T>(workbook_atomic_add, address, static_cast<T>(T{} - operand));
}
template <class T>
WORKBOOK_INLINE T atomicCAS(T* address, workbook::cuda::Same<T> expected, workbook::cuda::Same<T> desired) {
  return workbook::cuda::atomic<T>(workbook_atomic_compare, address, desired, expected);
}
#define atomicAdd_block atomicAdd
#define atomicAdd_system atomicAdd
#define atomicSub_block atomicSub
#define atomicSub_system atomicSub
#define atomicMin_block atomicMin
#define atomicMin_system atomicMin
#define atomicMax_block atomicMax
#define atomicMax_system atomicMax
#define atomicAnd_block atomicAnd
#define atomicAnd_system atomicAnd
#define atomicOr_block atomicOr
#define atomicOr_system atomicOr
#define atomicXor_block atomicXor
#define atomicXor_system atomicXor
#define atomicExch_block atomicExch
#define atomicExch_system atomicExch
#define atomicCAS_block atomicCAS
#define atomicCAS_system atomicCAS
