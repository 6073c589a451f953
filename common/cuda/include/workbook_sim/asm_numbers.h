#pragma once
/// Numbers as PTX instructions take them from registers: their bits are what counts, not the type they were put in.

#include <cmath>
#include <type_traits>

#include "intrinsics.h"
#include "narrow.h"

namespace workbook::ptx {

template <int kExponent, int kMantissa>
struct Narrow {
  unsigned short bits;
  Narrow() = default;
  WORKBOOK_INLINE constexpr Narrow(double x) : bits(cuda::narrowed<kExponent, kMantissa>(x)) {}
  WORKBOOK_INLINE constexpr operator float() const { return cuda::widened<kExponent, kMantissa>(bits); }
};
using Half = Narrow<5, 10>;
using Bfloat = Narrow<8, 7>;

template <class T>
struct Pair {
  T low, high;
};
template <class T>
inline constexpr bool is_pair = false;
template <class T>
inline constexpr bool is_pair<Pair<T>> = true;
template <class T>
inline constexpr bool is_narrow = std::is_same_v<T, Half> || std::is_same_v<T, Bfloat>;

/// A register's content as a T: the same bits, or a number converted to another size. A pointer is its address.
template <class T, class From>
WORKBOOK_INLINE T bits(const From& from) {
  using Plain = std::decay_t<From>;
  if constexpr (std::is_same_v<T, Plain>) {
    return from;
  } else if constexpr (std::is_pointer_v<Plain> || std::is_null_pointer_v<Plain>) {
    static_assert(sizeof(T) == 8, "a pointer needs a register of 64 bits: \"l\"");
    return reinterpret_cast<T>(static_cast<const volatile void*>(from));
  } else if constexpr (std::is_enum_v<Plain>) {
    return static_cast<T>(from);
  } else if constexpr (sizeof(T) == sizeof(Plain) && !std::is_same_v<T, bool>) {
    T to;
    __builtin_memcpy(static_cast<void*>(&to), static_cast<const void*>(&from), sizeof(T));
    return to;
  } else {
    static_assert(std::is_arithmetic_v<Plain>, "an operand has another size than its register");
    if constexpr (is_narrow<T> || is_pair<T>)
      return bits<T>(static_cast<std::conditional_t<is_pair<T>, unsigned, unsigned short>>(from));
    else
      return static_cast<T>(from);
  }
}

/// Into a register; a number of fewer bits is extended by its sign, if it has one.
template <class To, class From>
WORKBOOK_INLINE void put(To& to, const From& from) {
  if constexpr (is_narrow<From>)
    to = bits<To>(from.bits);
  else
    to = bits<To>(from);
}
/// From a register into the variable that an output names.
template <class To, class From>
WORKBOOK_INLINE void store(To& to, const From& from) {
  if constexpr (std::is_pointer_v<To>)
    to = reinterpret_cast<To>(from);
  else if constexpr (std::is_enum_v<To>)
    to = static_cast<To>(from);
  else
    put(to, from);
}

/// Applies a function to both halves of pairs, or to the numbers themselves.
template <class T, class Function, class... More>
WORKBOOK_INLINE auto each(const Function& function, const T& first, const More&... more) {
  if constexpr (is_pair<T>)
    return T{decltype(T::low)(function(double{first.low}, double{more.low}...)),
             decltype(T::low)(function(double{first.high}, double{more.high}...))};
  else if constexpr (is_narrow<T>)
    return T(function(double{first}, double{more}...));
  else if constexpr (std::is_integral_v<T> && sizeof(T) >= 4)  // wraps
    return static_cast<T>(
        function(static_cast<std::make_unsigned_t<T>>(first), static_cast<std::make_unsigned_t<T>>(more)...));
  else
    return static_cast<T>(function(first, more...));
}
#define WORKBOOK_OPERATOR(name, expression)                       \
  template <class T>                                              \
  WORKBOOK_INLINE T name(const T& x, const T& y) {                \
    return each([](auto a, auto b) { return expression; }, x, y); \
  }
WORKBOOK_OPERATOR(plus, a + b)
WORKBOOK_OPERATOR(minus, a - b)
WORKBOOK_OPERATOR(times, a* b)
#undef WORKBOOK_OPERATOR
#define WORKBOOK_INTEGER(name, expression)         \
  template <class T>                               \
  WORKBOOK_INLINE T name(const T& a, const T& b) { \
    return static_cast<T>(expression);             \
  }
WORKBOOK_INTEGER(remainder, a % b)
WORKBOOK_INTEGER(divided, a / b)
WORKBOOK_INTEGER(both, a& b)
WORKBOOK_INTEGER(either, a | b)
WORKBOOK_INTEGER(differing, a ^ b)
#undef WORKBOOK_INTEGER
template <class T>
WORKBOOK_INLINE T inverted(const T& x) {
  if constexpr (std::is_same_v<T, bool>)
    return !x;
  else
    return static_cast<T>(~x);
}
template <class T>
WORKBOOK_INLINE T least(const T& x, const T& y) {
  if constexpr (std::is_integral_v<T>)
    return y < x ? y : x;
  else
    return each([](auto a, auto b) { return std::fmin(a, b); }, x, y);
}
template <class T>
WORKBOOK_INLINE T greatest(const T& x, const T& y) {
  if constexpr (std::is_integral_v<T>)
    return x < y ? y : x;
  else
    return each([](auto a, auto b) { return std::fmax(a, b); }, x, y);
}
template <class T>
WORKBOOK_INLINE T fused(const T& x, const T& y, const T& z) {
  return each([](auto a, auto b, auto c) { return std::fma(a, b, c); }, x, y, z);
}
template <class T>
WORKBOOK_INLINE T magnitude(const T& x) {
  if constexpr (std::is_integral_v<T>)
    return x < 0 ? minus(T{}, x) : x;
  else
    return each([](auto a) { return std::fabs(a); }, x);
}
template <class T>
WORKBOOK_INLINE T power_of_two(const T& x) {
  return each([](auto a) { return std::exp2(a); }, x);
}
template <class T>
WORKBOOK_INLINE T logarithm(const T& x) {
  return each([](auto a) { return std::log2(a); }, x);
}
template <class T>
WORKBOOK_INLINE T hyperbolic(const T& x) {
  return each([](auto a) { return std::tanh(a); }, x);
}

}  // namespace workbook::ptx
