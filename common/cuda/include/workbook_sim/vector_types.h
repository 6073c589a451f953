#pragma once
/// float4 and its siblings. Those of 2, 4, 8 and 16 bytes are copied by one access of full width, as on a GPU.

#include "language.h"

namespace workbook::cuda {

template <int bytes>
struct WholeAccess;
template <>
struct WholeAccess<1> {
  typedef unsigned char Bits;
};
template <>
struct WholeAccess<2> {
  typedef unsigned short Bits __attribute__((may_alias));
};
template <>
struct WholeAccess<4> {
  typedef unsigned Bits __attribute__((may_alias));
};
template <>
struct WholeAccess<8> {
  typedef unsigned long long Bits __attribute__((may_alias));
};
template <>
struct WholeAccess<16> {
  typedef unsigned Bits __attribute__((vector_size(16), may_alias));
};

template <class T>
WORKBOOK_INLINE void copy_whole(T& to, const T& from) {
  using Bits = typename WholeAccess<sizeof(T)>::Bits;
  *reinterpret_cast<Bits*>(&to) = *reinterpret_cast<const Bits*>(&from);
}

}  // namespace workbook::cuda

/// Copies of `Name` are one access.
#define WORKBOOK_WHOLE_COPIES(Name)                                                     \
  Name() = default;                                                                     \
  WORKBOOK_INLINE Name(const Name& from) { ::workbook::cuda::copy_whole(*this, from); } \
  WORKBOOK_INLINE Name& operator=(const Name& from) {                                   \
    ::workbook::cuda::copy_whole(*this, from);                                          \
    return *this;                                                                       \
  }

#define WORKBOOK_VECTORS(Name, T, align2, align4)                                   \
  struct Name##1 {                                                                  \
    T x;                                                                            \
  };                                                                                \
  struct alignas(align2) Name##2 {                                                  \
    T x, y;                                                                         \
    WORKBOOK_WHOLE_COPIES(Name##2)                                                  \
    constexpr WORKBOOK_BOTH Name##2(T a, T b) : x(a), y(b) {}                       \
  };                                                                                \
  struct Name##3 {                                                                  \
    T x, y, z;                                                                      \
  };                                                                                \
  struct alignas(align4) Name##4 {                                                  \
    T x, y, z, w;                                                                   \
    WORKBOOK_WHOLE_COPIES(Name##4)                                                  \
    constexpr WORKBOOK_BOTH Name##4(T a, T b, T c, T d) : x(a), y(b), z(c), w(d) {} \
  };                                                                                \
  WORKBOOK_INLINE Name##1 make_##Name##1(T x) { return {x}; }                       \
  WORKBOOK_INLINE Name##2 make_##Name##2(T x, T y) { return {x, y}; }               \
  WORKBOOK_INLINE Name##3 make_##Name##3(T x, T y, T z) { return {x, y, z}; }       \
  WORKBOOK_INLINE Name##4 make_##Name##4(T x, T y, T z, T w) { return {x, y, z, w}; }

WORKBOOK_VECTORS(char, signed char, 2, 4)
WORKBOOK_VECTORS(uchar, unsigned char, 2, 4)
WORKBOOK_VECTORS(short, short, 4, 8)
WORKBOOK_VECTORS(ushort, unsigned short, 4, 8)
WORKBOOK_VECTORS(int, int, 8, 16)
WORKBOOK_VECTORS(uint, unsigned, 8, 16)
WORKBOOK_VECTORS(float, float, 8, 16)

#define WORKBOOK_PAIRS(Name, T)                               \
  struct Name##1 {                                            \
    T x;                                                      \
  };                                                          \
  struct alignas(16) Name##2 {                                \
    T x, y;                                                   \
    WORKBOOK_WHOLE_COPIES(Name##2)                            \
    constexpr WORKBOOK_BOTH Name##2(T a, T b) : x(a), y(b) {} \
  };                                                          \
  WORKBOOK_INLINE Name##2 make_##Name##2(T x, T y) { return {x, y}; }

WORKBOOK_PAIRS(double, double)
WORKBOOK_PAIRS(longlong, long long)
WORKBOOK_PAIRS(ulonglong, unsigned long long)

#undef WORKBOOK_VECTORS
#undef WORKBOOK_PAIRS

struct dim3 {
  unsigned x, y, z;
  constexpr WORKBOOK_BOTH dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
  constexpr WORKBOOK_BOTH dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
};
