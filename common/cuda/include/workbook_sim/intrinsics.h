#pragma once
/// Mathematics of the device. A fast intrinsic is computed exactly here; on a GPU its last bits differ.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "vector_types.h"

WORKBOOK_INLINE float __expf(float x) { return ::expf(x); }
WORKBOOK_INLINE float __exp10f(float x) { return ::powf(10.0f, x); }
WORKBOOK_INLINE float __logf(float x) { return ::logf(x); }
WORKBOOK_INLINE float __log2f(float x) { return ::log2f(x); }
WORKBOOK_INLINE float __log10f(float x) { return ::log10f(x); }
WORKBOOK_INLINE float __sinf(float x) { return ::sinf(x); }
WORKBOOK_INLINE float __cosf(float x) { return ::cosf(x); }
WORKBOOK_INLINE float __tanf(float x) { return ::tanf(x); }
WORKBOOK_INLINE float __powf(float x, float y) { return ::powf(x, y); }
WORKBOOK_INLINE float __saturatef(float x) { return x > 0 ? (x < 1 ? x : 1.0f) : 0.0f; }
WORKBOOK_INLINE float __fdividef(float x, float y) { return x / y; }
WORKBOOK_INLINE float __fadd_rn(float x, float y) { return x + y; }
WORKBOOK_INLINE float __fmul_rn(float x, float y) { return x * y; }
WORKBOOK_INLINE float __fdiv_rn(float x, float y) { return x / y; }
WORKBOOK_INLINE float __fmaf_rn(float x, float y, float z) { return ::fmaf(x, y, z); }
WORKBOOK_INLINE float __frcp_rn(float x) { return 1.0f / x; }
WORKBOOK_INLINE float __fsqrt_rn(float x) { return ::sqrtf(x); }
WORKBOOK_INLINE float __frsqrt_rn(float x) { return 1.0f / ::sqrtf(x); }
WORKBOOK_INLINE float rsqrtf(float x) { return 1.0f / ::sqrtf(x); }
WORKBOOK_INLINE double rsqrt(double x) { return 1.0 / ::sqrt(x); }
WORKBOOK_INLINE float fdividef(float x, float y) { return x / y; }

template <class A, class B>
WORKBOOK_INLINE constexpr std::common_type_t<A, B> min(A a, B b) {
  using T = std::common_type_t<A, B>;
  if constexpr (std::is_floating_point_v<T>) return __builtin_fmin(static_cast<T>(a), static_cast<T>(b));
  return static_cast<T>(b) < static_cast<T>(a) ? static_cast<T>(b) : static_cast<T>(a);
}
template <class A, class B>
WORKBOOK_INLINE constexpr std::common_type_t<A, B> max(A a, B b) {
  using T = std::common_type_t<A, B>;
  if constexpr (std::is_floating_point_v<T>) return __builtin_fmax(static_cast<T>(a), static_cast<T>(b));
  return static_cast<T>(a) < static_cast<T>(b) ? static_cast<T>(b) : static_cast<T>(a);
}

WORKBOOK_INLINE int __float2int_rn(float x) { return static_cast<int>(::nearbyintf(x)); }
WORKBOOK_INLINE int __float2int_rz(float x) { return static_cast<int>(x); }
WORKBOOK_INLINE int __float2int_rd(float x) { return static_cast<int>(::floorf(x)); }
WORKBOOK_INLINE int __float2int_ru(float x) { return static_cast<int>(::ceilf(x)); }
WORKBOOK_INLINE float __int2float_rn(int x) { return static_cast<float>(x); }
WORKBOOK_INLINE float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
WORKBOOK_INLINE float __int_as_float(int x) { return std::bit_cast<float>(x); }
WORKBOOK_INLINE int __float_as_int(float x) { return std::bit_cast<int>(x); }
WORKBOOK_INLINE float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
WORKBOOK_INLINE unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
WORKBOOK_INLINE long long __double_as_longlong(double x) { return std::bit_cast<long long>(x); }
WORKBOOK_INLINE double __longlong_as_double(long long x) { return std::bit_cast<double>(x); }

WORKBOOK_INLINE int __popc(unsigned x) { return std::popcount(x); }
WORKBOOK_INLINE int __popcll(unsigned long long x) { return std::popcount(x); }
WORKBOOK_INLINE int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
WORKBOOK_INLINE int __clzll(long long x) { return std::countl_zero(static_cast<unsigned long long>(x)); }
WORKBOOK_INLINE int __ffs(int x) { return __builtin_ffs(x); }
WORKBOOK_INLINE int __ffsll(long long x) { return __builtin_ffsll(x); }
WORKBOOK_INLINE unsigned __brev(unsigned x) {
  unsigned result = 0;
  for (int bit = 0; bit < 32; ++bit) result |= (x >> bit & 1u) << (31 - bit);
  return result;
}
WORKBOOK_INLINE int __mul24(int x, int y) { return x * y; }
WORKBOOK_INLINE int __mulhi(int x, int y) { return static_cast<int>((static_cast<long long>(x) * y) >> 32); }
WORKBOOK_INLINE unsigned __umulhi(unsigned x, unsigned y) {
  return static_cast<unsigned>((static_cast<unsigned long long>(x) * y) >> 32);
}

/// Loads with a hint for the caches, which are not simulated.
template <class T>
WORKBOOK_INLINE T __ldg(const T* address) {
  return *address;
}
#define WORKBOOK_LOAD(name)                  \
  template <class T>                         \
  WORKBOOK_INLINE T name(const T* address) { \
    return *address;                         \
  }
WORKBOOK_LOAD(__ldca)
WORKBOOK_LOAD(__ldcg)
WORKBOOK_LOAD(__ldcs)
#undef WORKBOOK_LOAD
template <class T>
WORKBOOK_INLINE void __stcs(T* address, T value) {
  *address = value;
}
template <class T>
WORKBOOK_INLINE void __stcg(T* address, T value) {
  *address = value;
}
