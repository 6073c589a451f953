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
#include <utility>

namespace workbook {

#ifndef WORKBOOK_LANES
#define WORKBOOK_LANES 16
#endif
inline constexpr int kLanes = WORKBOOK_LANES;
static_assert(std::has_single_bit(unsigned{kLanes}) && kLanes >= 4);

typedef float Floats __attribute__((vector_size(4 * kLanes)));
typedef std::int32_t Ints __attribute__((vector_size(4 * kLanes)));

/// Floats in one register of this machine, and vectors that its registers hold at a time.
#if defined(__AVX512F__)
inline constexpr int kRegisterLanes = 16, kVectorRegisters = 32 * kRegisterLanes / kLanes;
#elif defined(__AVX__)
inline constexpr int kRegisterLanes = 8, kVectorRegisters = 16 * kRegisterLanes / kLanes;
#elif defined(__aarch64__)
inline constexpr int kRegisterLanes = 4, kVectorRegisters = 32 * kRegisterLanes / kLanes;
#else
inline constexpr int kRegisterLanes = 4, kVectorRegisters = 16 * kRegisterLanes / kLanes;
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

/// The larger in each lane; `b` where one of them is NaN. One instruction a register.
inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }

/// The same bits as integers, and back. No instruction.
inline Ints bits_of(Floats x) { return reinterpret_cast<Ints>(x); }
inline Floats from_bits(Ints x) { return reinterpret_cast<Floats>(x); }

/// Asks the memory for what is read a little later, and waits for nothing. Any address will do.
inline void prefetch(const void* from, std::int64_t bytes) {
  for (std::int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(static_cast<const char*>(from) + i, 0, 2);
}

/// 2 kLanes floats, or bfloat16s, from memory become 2 kLanes floats. Two bfloat16s that are read as one integer are
/// its lower and its upper half: the even ones come first, then the odd ones, and nothing moves from lane to lane.
template <class Number>
inline void widen(const Number* from, float* to) {
  if constexpr (sizeof(Number) == 4) {
    store(to, load(from)), store(to + kLanes, load(from + kLanes));
  } else {
    static_assert(sizeof(Number) == 2 && std::endian::native == std::endian::little);
    Ints pairs;
    std::memcpy(&pairs, from, sizeof pairs);
    store(to, from_bits(pairs << 16));
    store(to + kLanes, from_bits(pairs & (Ints{} + static_cast<int>(0xffff0000))));
  }
}

/// Where number i of those that widen() read is in what it wrote.
template <class Number>
constexpr std::int64_t widened_lane(std::int64_t i) {
  return sizeof(Number) == 4 ? i : i % 2 * kLanes + i / 2;
}

namespace detail {

template <int lanes>
struct FloatsOf {
  typedef float type __attribute__((vector_size(4 * lanes)));
  struct Halves {
    typename FloatsOf<lanes / 2>::type low, high;
  };
};

template <int lanes, class Merge>
inline float halved(const typename FloatsOf<lanes>::type& x, const Merge& merge) {
  if constexpr (lanes == 2) {
    return merge(x[0], x[1]);
  } else {
    const auto [low, high] = std::bit_cast<typename FloatsOf<lanes>::Halves>(x);
    return halved<lanes / 2>(merge(low, high), merge);
  }
}

/// `a` and `b` are made of groups of lanes that belong together. Each group's halves are added, and the sums of a and b
/// take turns.
template <int group, class Vector, std::size_t... lane>
inline Vector folded(const Vector& a, const Vector& b, std::index_sequence<lane...>) {
  constexpr auto low = [](int i) {
    return i / group * group + i % (group / 2) + (i % group < group / 2 ? 0 : int{sizeof...(lane)});
  };
#ifdef __clang__
  return __builtin_shufflevector(a, b, low(lane)...) + __builtin_shufflevector(a, b, (low(lane) + group / 2)...);
#else  // GCC has that since version 12
  typedef std::int32_t Lanes __attribute__((vector_size(sizeof(Vector))));
  return __builtin_shuffle(a, b, Lanes{low(lane)...}) + __builtin_shuffle(a, b, Lanes{low(lane) + group / 2 ...});
#endif
}

template <int count, int lanes>
inline typename FloatsOf<lanes>::type sums(typename FloatsOf<lanes>::type* x) {
  if constexpr (count == 1) {
    return x[0];
  } else if constexpr (lanes > kRegisterLanes) {
    typename FloatsOf<lanes / 2>::type half[lanes];
    for (int i = 0; i < lanes; ++i) {
      const auto [low, high] = std::bit_cast<typename FloatsOf<lanes>::Halves>(x[i]);
      half[i] = low + high;
    }
    const typename FloatsOf<lanes>::Halves both{sums<lanes / 2, lanes / 2>(half),
                                                sums<lanes / 2, lanes / 2>(half + lanes / 2)};
    return std::bit_cast<typename FloatsOf<lanes>::type>(both);
  } else {
#pragma GCC unroll 16
    for (int i = 0; i < count / 2; ++i) x[i] = folded<count>(x[i], x[i + count / 2], std::make_index_sequence<lanes>());
    return sums<count / 2, lanes>(x);
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

/// The sums of kLanes vectors: lane i is the sum of x[i]'s lanes. Takes about a third of the instructions of
/// kLanes calls of sum_of_lanes, because a move serves two vectors. x holds other numbers afterwards.
inline Floats sums_of_lanes(Floats (&x)[kLanes]) { return detail::sums<kLanes, kLanes>(x); }

}  // namespace workbook
