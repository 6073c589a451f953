#pragma once
/// Numbers of 16 bits: what __half and __nv_bfloat16 have in common. An operation is computed wide and rounded once, to
/// the nearest, ties to even.

#include <bit>
#include <cmath>
#include <cstdint>

#include "vector_types.h"

namespace workbook::cuda {

/// The nearest number with that many bits of exponent and mantissa.
template <int kExponent, int kMantissa>
constexpr WORKBOOK_BOTH unsigned short narrowed(double x) {
  constexpr int kBias = (1 << (kExponent - 1)) - 1;
  constexpr std::uint64_t kInfinity = ((1ull << kExponent) - 1) << kMantissa;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t sign = bits >> 63 << 15, fraction = bits & ((1ull << 52) - 1);
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1023;
  if (exponent == 1024 && fraction) return 0x7fff;
  if (exponent > kBias) return static_cast<unsigned short>(sign | kInfinity);
  const int below = 1 - kBias - exponent;  // how far below the smallest normal number
  const int dropped = 52 - kMantissa + (below > 0 ? below : 0);
  if (dropped > 53) return static_cast<unsigned short>(sign);
  const std::uint64_t whole = 1ull << 52 | fraction, rest = whole & ((1ull << dropped) - 1),
                      tie = 1ull << (dropped - 1);
  std::uint64_t kept = whole >> dropped;
  kept += rest > tie || (rest == tie && (kept & 1));
  if (below <= 0) kept += static_cast<std::uint64_t>(exponent + kBias - 1) << kMantissa;  // its leading bit adds 1
  return static_cast<unsigned short>(sign | (kept < kInfinity ? kept : kInfinity));
}

template <int kExponent, int kMantissa>
constexpr WORKBOOK_BOTH float widened(unsigned short bits) {
  constexpr int kBias = (1 << (kExponent - 1)) - 1;
  const unsigned sign = (bits & 0x8000u) << 16, exponent = bits >> kMantissa & ((1u << kExponent) - 1);
  const unsigned fraction = (bits & ((1u << kMantissa) - 1)) << (23 - kMantissa);
  if (kExponent == 8) return std::bit_cast<float>(static_cast<unsigned>(bits) << 16);
  if (exponent == (1u << kExponent) - 1) return std::bit_cast<float>(sign | 0x7f800000u | fraction);
  if (exponent > 0) return std::bit_cast<float>(sign | (exponent + 127 - kBias) << 23 | fraction);
  const float magnitude =
      std::bit_cast<float>((128u - kBias) << 23 | fraction) - std::bit_cast<float>((128u - kBias) << 23);
  return sign ? -magnitude : magnitude;
}

}  // namespace workbook::cuda

/// The types, their operators and what converts them. `one` and `pair` are how CUDA spells them in function names.
#define WORKBOOK_NARROW_TYPES(One, Pair, one, pair, exponent, mantissa)                                            \
  struct alignas(2) One {                                                                                          \
    unsigned short bits;                                                                                           \
    One() = default;                                                                                               \
    constexpr WORKBOOK_BOTH One(float x) : bits(::workbook::cuda::narrowed<exponent, mantissa>(x)) {}              \
    constexpr WORKBOOK_BOTH One(double x) : bits(::workbook::cuda::narrowed<exponent, mantissa>(x)) {}             \
    constexpr WORKBOOK_BOTH One(int x) : One(static_cast<double>(x)) {}                                            \
    constexpr WORKBOOK_BOTH One(unsigned x) : One(static_cast<double>(x)) {}                                       \
    constexpr WORKBOOK_BOTH One(long x) : One(static_cast<double>(x)) {}                                           \
    constexpr WORKBOOK_BOTH One(unsigned long x) : One(static_cast<double>(x)) {}                                  \
    constexpr WORKBOOK_BOTH One(long long x) : One(static_cast<double>(x)) {}                                      \
    constexpr WORKBOOK_BOTH One(unsigned long long x) : One(static_cast<double>(x)) {}                             \
    constexpr WORKBOOK_BOTH operator float() const { return ::workbook::cuda::widened<exponent, mantissa>(bits); } \
  };                                                                                                               \
  struct alignas(4) Pair {                                                                                         \
    One x, y;                                                                                                      \
    WORKBOOK_WHOLE_COPIES(Pair)                                                                                    \
    constexpr WORKBOOK_BOTH Pair(One a, One b) : x(a), y(b) {}                                                     \
  };                                                                                                               \
  WORKBOOK_INLINE One __float2##one(float x) { return One(x); }                                                    \
  WORKBOOK_INLINE One __float2##one##_rn(float x) { return One(x); }                                               \
  WORKBOOK_INLINE One __double2##one(double x) { return One(x); }                                                  \
  WORKBOOK_INLINE One __int2##one##_rn(int x) { return One(x); }                                                   \
  WORKBOOK_INLINE One __uint2##one##_rn(unsigned x) { return One(x); }                                             \
  WORKBOOK_INLINE float __##one##2float(One x) { return x; }                                                       \
  WORKBOOK_INLINE int __##one##2int_rn(One x) { return static_cast<int>(::nearbyintf(x)); }                        \
  WORKBOOK_INLINE int __##one##2int_rz(One x) { return static_cast<int>(static_cast<float>(x)); }                  \
  WORKBOOK_INLINE unsigned short __##one##_as_ushort(One x) { return x.bits; }                                     \
  WORKBOOK_INLINE short __##one##_as_short(One x) { return static_cast<short>(x.bits); }                           \
  WORKBOOK_INLINE One __short_as_##one(short bits) { return std::bit_cast<One>(bits); }                            \
  WORKBOOK_INLINE unsigned __##one##2uint_rn(One x) { return static_cast<unsigned>(::nearbyintf(x)); }             \
  WORKBOOK_INLINE One __ushort_as_##one(unsigned short bits) { return std::bit_cast<One>(bits); }                  \
  WORKBOOK_INLINE Pair __##one##2##pair(One x) { return {x, x}; }                                                  \
  WORKBOOK_INLINE Pair __halves2##pair(One x, One y) { return {x, y}; }                                            \
  WORKBOOK_INLINE Pair make_##pair(One x, One y) { return {x, y}; }                                                \
  WORKBOOK_INLINE Pair __float2##pair##_rn(float x) { return {One(x), One(x)}; }                                   \
  WORKBOOK_INLINE Pair __floats2##pair##_rn(float x, float y) { return {One(x), One(y)}; }                         \
  WORKBOOK_INLINE Pair __float22##pair##_rn(float2 x) { return {One(x.x), One(x.y)}; }                             \
  WORKBOOK_INLINE float2 __##pair##2float2(Pair x) { return {static_cast<float>(x.x), static_cast<float>(x.y)}; }  \
  WORKBOOK_INLINE One __low2##one(Pair x) { return x.x; }                                                          \
  WORKBOOK_INLINE One __high2##one(Pair x) { return x.y; }                                                         \
  WORKBOOK_INLINE float __low2float(Pair x) { return x.x; }                                                        \
  WORKBOOK_INLINE float __high2float(Pair x) { return x.y; }                                                       \
  WORKBOOK_INLINE Pair __lowhigh2highlow(Pair x) { return {x.y, x.x}; }                                            \
  WORKBOOK_INLINE Pair __low2##pair(Pair x) { return {x.x, x.x}; }                                                 \
  WORKBOOK_INLINE Pair __high2##pair(Pair x) { return {x.y, x.y}; }                                                \
  WORKBOOK_INLINE Pair __lows2##pair(Pair x, Pair y) { return {x.x, y.x}; }                                        \
  WORKBOOK_INLINE Pair __highs2##pair(Pair x, Pair y) { return {x.y, y.y}; }
