#pragma once
/// Arithmetic on numbers of 16 bits and on pairs of them: the same for both kinds, overloaded as in the toolkit.

#include "atomics.h"
#include "narrow.h"

#define WORKBOOK_NARROW_BINARY(One, Pair, name, name2, op)                                                \
  WORKBOOK_INLINE One name(One a, One b) {                                                                \
    return One(static_cast<double>(static_cast<float>(a)) op static_cast<double>(static_cast<float>(b))); \
  }                                                                                                       \
  WORKBOOK_INLINE Pair name2(Pair a, Pair b) { return {name(a.x, b.x), name(a.y, b.y)}; }                 \
  WORKBOOK_INLINE One operator op(const One& a, const One& b) { return name(a, b); }                      \
  WORKBOOK_INLINE One& operator op##=(One& a, const One& b) { return a = name(a, b); }                    \
  WORKBOOK_INLINE Pair operator op(const Pair& a, const Pair& b) { return name2(a, b); }                  \
  WORKBOOK_INLINE Pair& operator op##=(Pair& a, const Pair& b) { return a = name2(a, b); }

#define WORKBOOK_NARROW_COMPARE(One, Pair, name, op)                                                 \
  WORKBOOK_INLINE bool name(One a, One b) { return static_cast<float>(a) op static_cast<float>(b); } \
  WORKBOOK_INLINE Pair name##2(Pair a, Pair b) {                                                     \
    return {One(name(a.x, b.x) ? 1.0f : 0.0f), One(name(a.y, b.y) ? 1.0f : 0.0f)};                   \
  }                                                                                                  \
  WORKBOOK_INLINE bool operator op(const One& a, const One& b) { return name(a, b); }

#define WORKBOOK_NARROW_UNARY(One, Pair, name, name2, expression) \
  WORKBOOK_INLINE One name(One a) {                               \
    const float x = a;                                            \
    return One(expression);                                       \
  }                                                               \
  WORKBOOK_INLINE Pair name2(Pair a) { return {name(a.x), name(a.y)}; }

#define WORKBOOK_NARROW_MATH(One, Pair)                                                                           \
  WORKBOOK_NARROW_BINARY(One, Pair, __hadd, __hadd2, +)                                                           \
  WORKBOOK_NARROW_BINARY(One, Pair, __hsub, __hsub2, -)                                                           \
  WORKBOOK_NARROW_BINARY(One, Pair, __hmul, __hmul2, *)                                                           \
  WORKBOOK_NARROW_BINARY(One, Pair, __hdiv, __h2div, /)                                                           \
  WORKBOOK_NARROW_COMPARE(One, Pair, __heq, ==)                                                                   \
  WORKBOOK_NARROW_COMPARE(One, Pair, __hne, !=)                                                                   \
  WORKBOOK_NARROW_COMPARE(One, Pair, __hlt, <)                                                                    \
  WORKBOOK_NARROW_COMPARE(One, Pair, __hle, <=)                                                                   \
  WORKBOOK_NARROW_COMPARE(One, Pair, __hgt, >)                                                                    \
  WORKBOOK_NARROW_COMPARE(One, Pair, __hge, >=)                                                                   \
  WORKBOOK_INLINE One __hfma(One a, One b, One c) {                                                               \
    return One(static_cast<double>(static_cast<float>(a)) * static_cast<float>(b) + static_cast<float>(c));       \
  }                                                                                                               \
  WORKBOOK_INLINE Pair __hfma2(Pair a, Pair b, Pair c) { return {__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y)}; } \
  WORKBOOK_INLINE One __hmax(One a, One b) { return One(::fmaxf(a, b)); }                                         \
  WORKBOOK_INLINE One __hmin(One a, One b) { return One(::fminf(a, b)); }                                         \
  WORKBOOK_INLINE Pair __hmax2(Pair a, Pair b) { return {__hmax(a.x, b.x), __hmax(a.y, b.y)}; }                   \
  WORKBOOK_INLINE Pair __hmin2(Pair a, Pair b) { return {__hmin(a.x, b.x), __hmin(a.y, b.y)}; }                   \
  WORKBOOK_INLINE One __hadd_rn(One a, One b) { return __hadd(a, b); }                                            \
  WORKBOOK_INLINE One __hsub_rn(One a, One b) { return __hsub(a, b); }                                            \
  WORKBOOK_INLINE One __hmul_rn(One a, One b) { return __hmul(a, b); }                                            \
  WORKBOOK_INLINE Pair __hadd2_rn(Pair a, Pair b) { return __hadd2(a, b); }                                       \
  WORKBOOK_INLINE Pair __hsub2_rn(Pair a, Pair b) { return __hsub2(a, b); }                                       \
  WORKBOOK_INLINE Pair __hmul2_rn(Pair a, Pair b) { return __hmul2(a, b); }                                       \
  WORKBOOK_INLINE Pair atomicAdd(Pair* address, Pair x) {                                                         \
    unsigned* word = reinterpret_cast<unsigned*>(address);                                                        \
    for (unsigned seen = atomicOr(word, 0u);;) {                                                                  \
      const Pair old(std::bit_cast<One>(static_cast<unsigned short>(seen)),                                       \
                     std::bit_cast<One>(static_cast<unsigned short>(seen >> 16)));                                \
      const Pair sum = __hadd2(old, x);                                                                           \
      const unsigned then = atomicCAS(word, seen, sum.x.bits | static_cast<unsigned>(sum.y.bits) << 16);          \
      if (then == seen) return old;                                                                               \
      seen = then;                                                                                                \
    }                                                                                                             \
  }                                                                                                               \
  WORKBOOK_INLINE bool __hisnan(One a) { return a != a; }                                                         \
  WORKBOOK_INLINE int __hisinf(One a) {                                                                           \
    return (a.bits & 0x7fff) == One(HUGE_VAL).bits ? (a.bits >> 15 ? -1 : 1) : 0;                                 \
  }                                                                                                               \
  WORKBOOK_INLINE One operator-(const One& a) { return One(-static_cast<float>(a)); }                             \
  WORKBOOK_NARROW_UNARY(One, Pair, __hneg, __hneg2, -x)                                                           \
  WORKBOOK_NARROW_UNARY(One, Pair, __habs, __habs2, ::fabsf(x))                                                   \
  WORKBOOK_NARROW_UNARY(One, Pair, hexp, h2exp, ::exp(static_cast<double>(x)))                                    \
  WORKBOOK_NARROW_UNARY(One, Pair, hexp2, h2exp2, ::exp2(static_cast<double>(x)))                                 \
  WORKBOOK_NARROW_UNARY(One, Pair, hlog, h2log, ::log(static_cast<double>(x)))                                    \
  WORKBOOK_NARROW_UNARY(One, Pair, hlog2, h2log2, ::log2(static_cast<double>(x)))                                 \
  WORKBOOK_NARROW_UNARY(One, Pair, hsqrt, h2sqrt, ::sqrt(static_cast<double>(x)))                                 \
  WORKBOOK_NARROW_UNARY(One, Pair, hrsqrt, h2rsqrt, 1 / ::sqrt(static_cast<double>(x)))                           \
  WORKBOOK_NARROW_UNARY(One, Pair, hrcp, h2rcp, 1 / static_cast<double>(x))                                       \
  WORKBOOK_NARROW_UNARY(One, Pair, hsin, h2sin, ::sin(static_cast<double>(x)))                                    \
  WORKBOOK_NARROW_UNARY(One, Pair, hcos, h2cos, ::cos(static_cast<double>(x)))                                    \
  WORKBOOK_NARROW_UNARY(One, Pair, htanh, h2tanh, ::tanh(static_cast<double>(x)))                                 \
  WORKBOOK_NARROW_UNARY(One, Pair, hfloor, h2floor, ::floorf(x))                                                  \
  WORKBOOK_NARROW_UNARY(One, Pair, hceil, h2ceil, ::ceilf(x))                                                     \
  WORKBOOK_NARROW_UNARY(One, Pair, hrint, h2rint, ::nearbyintf(x))
