#pragma once
/// Mathematics of the device. A fast intrinsic is computed exactly here; on a GPU its last bits differ.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "bit_intrinsics.h"
#include "cache_hints.h"
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
WORKBOOK_INLINE float __fsub_rn(float x, float y) { return x - y; }
WORKBOOK_INLINE double __dadd_rn(double x, double y) { return x + y; }
WORKBOOK_INLINE double __dsub_rn(double x, double y) { return x - y; }
WORKBOOK_INLINE double __dmul_rn(double x, double y) { return x * y; }
WORKBOOK_INLINE double __ddiv_rn(double x, double y) { return x / y; }
WORKBOOK_INLINE double __fma_rn(double x, double y, double z) { return ::fma(x, y, z); }
WORKBOOK_INLINE void __sincosf(float x, float* sine, float* cosine) {
  *sine = ::sinf(x);
  *cosine = ::cosf(x);
}
WORKBOOK_INLINE float normcdff(float x) {
  return static_cast<float>(0.5 * ::erfc(-static_cast<double>(x) / std::sqrt(2.0)));
}
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
WORKBOOK_INLINE unsigned __float2uint_rn(float x) { return static_cast<unsigned>(::nearbyintf(x)); }
WORKBOOK_INLINE unsigned __float2uint_rz(float x) { return static_cast<unsigned>(x); }
WORKBOOK_INLINE unsigned __float2uint_rd(float x) { return static_cast<unsigned>(::floorf(x)); }
WORKBOOK_INLINE unsigned __float2uint_ru(float x) { return static_cast<unsigned>(::ceilf(x)); }
WORKBOOK_INLINE long long __float2ll_rn(float x) { return static_cast<long long>(::nearbyintf(x)); }
WORKBOOK_INLINE long long __float2ll_rz(float x) { return static_cast<long long>(x); }
WORKBOOK_INLINE int __double2int_rn(double x) { return static_cast<int>(::nearbyint(x)); }
WORKBOOK_INLINE int __double2int_rz(double x) { return static_cast<int>(x); }
WORKBOOK_INLINE float __double2float_rn(double x) { return static_cast<float>(x); }
WORKBOOK_INLINE double __int2double_rn(int x) { return x; }
WORKBOOK_INLINE float __ll2float_rn(long long x) { return static_cast<float>(x); }
WORKBOOK_INLINE float __ull2float_rn(unsigned long long x) { return static_cast<float>(x); }
WORKBOOK_INLINE float __int2float_rn(int x) { return static_cast<float>(x); }
WORKBOOK_INLINE float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
WORKBOOK_INLINE float __int_as_float(int x) { return std::bit_cast<float>(x); }
WORKBOOK_INLINE int __float_as_int(float x) { return std::bit_cast<int>(x); }
WORKBOOK_INLINE float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
WORKBOOK_INLINE unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
WORKBOOK_INLINE long long __double_as_longlong(double x) { return std::bit_cast<long long>(x); }
WORKBOOK_INLINE double __longlong_as_double(long long x) { return std::bit_cast<double>(x); }
