#pragma once
/// What PTX instructions do with the bits of words, and how they convert numbers.

#include <algorithm>
#include <limits>

#include "asm_numbers.h"

namespace workbook::ptx {

template <class T>
WORKBOOK_INLINE T shifted_left(T x, unsigned by) {
  return by < 8 * sizeof(T) ? static_cast<T>(x << by) : T{};
}
template <class T>
WORKBOOK_INLINE T shifted_right(T x, unsigned by) {
  return static_cast<T>(x >> std::min(by, static_cast<unsigned>(8 * sizeof(T) - 1)) >> (by >= 8 * sizeof(T)));
}
template <class T>
WORKBOOK_INLINE auto times_wide(T x, T y) {
  using Wide =
      std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, long long, unsigned long long>,
                         std::conditional_t<std::is_signed_v<T>, int, unsigned>>;
  return static_cast<Wide>(x) * static_cast<Wide>(y);
}
template <class T>
WORKBOOK_INLINE T times_high(T x, T y) {
  static_assert(sizeof(T) <= 4, "inline PTX: `mul.hi` of 64 bits is not simulated");
  return static_cast<T>(times_wide(x, y) >> (8 * sizeof(T)));
}
/// bfe and bfi of 32 bits.
template <class T>
WORKBOOK_INLINE T field(T x, unsigned first, unsigned count) {
  const unsigned from = first & 255, n = std::min(count & 255, 32u);
  if (n == 0) return 0;
  if (!std::is_signed_v<T>) return shifted_right(x, from) & static_cast<T>(~0u >> (32 - n));
  return shifted_right(shifted_left(shifted_right(x, from), 32 - n), 32 - n);
}
WORKBOOK_INLINE unsigned with_field(unsigned field, unsigned x, unsigned first, unsigned count) {
  const unsigned mask = shifted_left(count >= 32 ? ~0u : (1u << count) - 1, first);
  return (x & ~mask) | (shifted_left(field, first) & mask);
}
WORKBOOK_INLINE unsigned chosen_bits(unsigned a, unsigned b, unsigned c, unsigned table) {
  unsigned result = 0;
  for (unsigned row = 0; row < 8; ++row)
    if (table >> row & 1) result |= (row & 4 ? a : ~a) & (row & 2 ? b : ~b) & (row & 1 ? c : ~c);
  return result;
}

template <class T>
WORKBOOK_INLINE Pair<T> pair_of(float low, float high) {
  return {T(low), T(high)};
}
/// A word of two parts.
template <class Whole>
struct Parts {
  using Word = std::conditional_t<sizeof(Whole) == 8, unsigned long long, unsigned>;
  using Part = std::conditional_t<sizeof(Whole) == 8, unsigned, unsigned short>;
  static constexpr unsigned kBits = 8 * sizeof(Part);
};
template <class Whole, class A, class B>
WORKBOOK_INLINE Whole joined(const A& low, const B& high) {
  using P = Parts<Whole>;
  const auto upper = static_cast<typename P::Word>(bits<typename P::Part>(high));
  return bits<Whole>(static_cast<typename P::Word>(bits<typename P::Part>(low) | upper << P::kBits));
}
template <class Whole, class A, class B>
WORKBOOK_INLINE void split(Whole whole, A& low, B& high) {
  using P = Parts<Whole>;
  const auto word = bits<typename P::Word>(whole);
  put(low, static_cast<typename P::Part>(word));
  put(high, static_cast<typename P::Part>(word >> P::kBits));
}

enum Way { plain, nearest, down, up, saturated };
template <class To, Way way, class From>
WORKBOOK_INLINE To converted(const From& from) {
  if constexpr (std::is_integral_v<To> && std::is_integral_v<From>) {
    return static_cast<To>(from);
  } else {
    double x = static_cast<double>(from);
    if (way == nearest) x = std::nearbyint(x);
    if (way == down) x = std::floor(x);
    if (way == up) x = std::ceil(x);
    if (way == saturated) x = x > 0 ? std::min(x, 1.0) : 0;
    if constexpr (std::is_integral_v<To>)  // a GPU saturates
      return !(x > static_cast<double>(std::numeric_limits<To>::lowest())) ? std::numeric_limits<To>::lowest()
             : x >= static_cast<double>(std::numeric_limits<To>::max())    ? std::numeric_limits<To>::max()
                                                                           : static_cast<To>(x);
    else
      return static_cast<To>(x);
  }
}

}  // namespace workbook::ptx
