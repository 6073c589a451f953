#pragma once
/// Vectors of floats, as the compiler offers them: +, -, *, comparisons and `condition ? a : b` work lane by lane, and
/// a number beside a vector stands for a vector full of it.
///
/// A vector has kLanes lanes on every machine. Of 16 lanes, the compiler keeps it in one register of 512 bits, or in
/// two of 256 or four of 128 bits, so a program is right everywhere, and has the same remainders everywhere. See
/// "Vector Extensions" in the manual of GCC; Clang knows them, too.

#include <bit>
#include <cstdint>
#include <cstring>

namespace workbook {

#ifndef WORKBOOK_LANES
#define WORKBOOK_LANES 16
#endif
inline constexpr int kLanes = WORKBOOK_LANES;
static_assert(std::has_single_bit(unsigned{kLanes}) && kLanes >= 4);

typedef float Floats __attribute__((vector_size(4 * kLanes)));
typedef std::int32_t Ints __attribute__((vector_size(4 * kLanes)));

/// Vectors that the machine's registers hold at a time.
#if defined(__AVX512F__)
inline constexpr int kVectorRegisters = 32 * 16 / kLanes;
#elif defined(__AVX__)
inline constexpr int kVectorRegisters = 16 * 8 / kLanes;
#elif defined(__aarch64__)
inline constexpr int kVectorRegisters = 32 * 4 / kLanes;
#else
inline constexpr int kVectorRegisters = 16 * 4 / kLanes;
#endif

/// kLanes floats from anywhere in memory. Faster if they lie in one cache line, as they do at a multiple of 64 bytes.
inline Floats load(const float* from) {
  typedef float Anywhere __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));
  return *reinterpret_cast<const Anywhere*>(from);
}

inline void store(float* to, Floats x) {
  typedef float Anywhere __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));
  *reinterpret_cast<Anywhere*>(to) = x;
}

/// x in every lane.
inline Floats all_lanes(float x) { return Floats{} + x; }

/// The larger in each lane; `b` where one of them is NaN. One instruction.
inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }

/// The same bits as integers, and back. No instruction.
inline Ints bits_of(Floats x) { return reinterpret_cast<Ints>(x); }
inline Floats from_bits(Ints x) { return reinterpret_cast<Floats>(x); }

namespace detail {

template <int lanes>
struct FloatsOf {
  typedef float type __attribute__((vector_size(4 * lanes)));
};

template <int lanes, class Merge>
inline float halved(const typename FloatsOf<lanes>::type& x, const Merge& merge) {
  if constexpr (lanes == 2) {
    return merge(x[0], x[1]);
  } else {
    typename FloatsOf<lanes / 2>::type halves[2];
    static_assert(sizeof halves == sizeof x);
    std::memcpy(halves, &x, sizeof x);
    return halved<lanes / 2>(merge(halves[0], halves[1]), merge);
  }
}

}  // namespace detail

/// The sum, and the largest, of all lanes: halves meet each other until one number is left.
inline float sum_of_lanes(const Floats& x) {
  return detail::halved<kLanes>(x, [](auto a, auto b) { return a + b; });
}
inline float largest_of_lanes(const Floats& x) {
  return detail::halved<kLanes>(x, [](auto a, auto b) { return a > b ? a : b; });
}

}  // namespace workbook
