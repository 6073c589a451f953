#pragma once
/// What the device does with the bits of integers.

#include <bit>

#include "language.h"

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

WORKBOOK_INLINE unsigned long long __brevll(unsigned long long x) {
  return static_cast<unsigned long long>(__brev(static_cast<unsigned>(x))) << 32 |
         __brev(static_cast<unsigned>(x >> 32));
}
WORKBOOK_INLINE unsigned __umul24(unsigned x, unsigned y) { return (x & 0xffffffu) * (y & 0xffffffu); }
WORKBOOK_INLINE unsigned __usad(unsigned x, unsigned y, unsigned z) { return (x > y ? x - y : y - x) + z; }
WORKBOOK_INLINE unsigned __sad(int x, int y, unsigned z) {
  return (x > y ? static_cast<unsigned>(x) - static_cast<unsigned>(y)
                : static_cast<unsigned>(y) - static_cast<unsigned>(x)) +
         z;
}
/// Byte i of the result is the byte of (y, x) that the digit i of `digits` names; with 8 in it, its sign.
WORKBOOK_INLINE unsigned __byte_perm(unsigned x, unsigned y, unsigned digits) {
  const unsigned long long both = static_cast<unsigned long long>(y) << 32 | x;
  unsigned result = 0;
  for (int i = 0; i < 4; ++i) {
    const unsigned digit = digits >> (4 * i), byte = static_cast<unsigned>(both >> (8 * (digit & 7))) & 0xffu;
    result |= (digit & 8 ? (byte & 0x80u ? 0xffu : 0u) : byte) << (8 * i);
  }
  return result;
}
WORKBOOK_INLINE unsigned __funnelshift_l(unsigned low, unsigned high, unsigned by) {
  return static_cast<unsigned>((static_cast<unsigned long long>(high) << 32 | low) << (by & 31) >> 32);
}
WORKBOOK_INLINE unsigned __funnelshift_r(unsigned low, unsigned high, unsigned by) {
  return static_cast<unsigned>((static_cast<unsigned long long>(high) << 32 | low) >> (by & 31));
}
WORKBOOK_INLINE unsigned __funnelshift_lc(unsigned low, unsigned high, unsigned by) {
  return by >= 32 ? low : __funnelshift_l(low, high, by);
}
WORKBOOK_INLINE unsigned __funnelshift_rc(unsigned low, unsigned high, unsigned by) {
  return by >= 32 ? high : __funnelshift_r(low, high, by);
}
#define WORKBOOK_DOT(T, Byte)                                                                                     \
  WORKBOOK_INLINE T __dp4a(T x, T y, T sum) {                                                                     \
    for (int i = 0; i < 32; i += 8) sum += static_cast<Byte>(x >> i) * static_cast<T>(static_cast<Byte>(y >> i)); \
    return sum;                                                                                                   \
  }
WORKBOOK_DOT(int, signed char)
WORKBOOK_DOT(unsigned, unsigned char)
#undef WORKBOOK_DOT
