#pragma once
/// What the compiler makes of atomic operations where it marks accesses (-fsanitize=thread): calls, which do what the
/// processor does, in the strictest order. To be included once in a library that defines the marks.

#include <cstdint>

#define WORKBOOK_MARK extern "C" __attribute__((visibility("default")))
#define WORKBOOK_ATOMIC_READ_MODIFY_WRITE(bits, name)                                                    \
  WORKBOOK_MARK std::uint##bits##_t __tsan_atomic##bits##_fetch_##name(volatile std::uint##bits##_t* at, \
                                                                       std::uint##bits##_t value, int) { \
    return __atomic_fetch_##name(at, value, __ATOMIC_SEQ_CST);                                           \
  }
#define WORKBOOK_ATOMIC_COMPARE(bits, strength)                                                               \
  WORKBOOK_MARK int __tsan_atomic##bits##_compare_exchange_##strength(                                        \
      volatile std::uint##bits##_t* at, std::uint##bits##_t* expected, std::uint##bits##_t value, int, int) { \
    return __atomic_compare_exchange_n(at, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);       \
  }
#define WORKBOOK_ATOMIC(bits)                                                                                        \
  WORKBOOK_MARK std::uint##bits##_t __tsan_atomic##bits##_load(const volatile std::uint##bits##_t* at, int) {        \
    return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                                                    \
  }                                                                                                                  \
  WORKBOOK_MARK void __tsan_atomic##bits##_store(volatile std::uint##bits##_t* at, std::uint##bits##_t value, int) { \
    __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                                                   \
  }                                                                                                                  \
  WORKBOOK_MARK std::uint##bits##_t __tsan_atomic##bits##_exchange(volatile std::uint##bits##_t* at,                 \
                                                                   std::uint##bits##_t value, int) {                 \
    return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                                                         \
  }                                                                                                                  \
  WORKBOOK_ATOMIC_READ_MODIFY_WRITE(bits, add)                                                                       \
  WORKBOOK_ATOMIC_READ_MODIFY_WRITE(bits, sub)                                                                       \
  WORKBOOK_ATOMIC_READ_MODIFY_WRITE(bits, and)                                                                       \
  WORKBOOK_ATOMIC_READ_MODIFY_WRITE(bits, or)                                                                        \
  WORKBOOK_ATOMIC_READ_MODIFY_WRITE(bits, xor)                                                                       \
  WORKBOOK_ATOMIC_COMPARE(bits, strong)                                                                              \
  WORKBOOK_ATOMIC_COMPARE(bits, weak)

WORKBOOK_ATOMIC(8)
WORKBOOK_ATOMIC(16)
WORKBOOK_ATOMIC(32)
WORKBOOK_ATOMIC(64)
WORKBOOK_MARK void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
WORKBOOK_MARK void __tsan_atomic_signal_fence(int) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }
