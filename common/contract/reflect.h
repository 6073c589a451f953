#pragma once
/// The fields of a plain struct, found by the compiler: nothing is written beside the struct itself.
///
/// A plain struct is an aggregate of up to eleven fields without base classes and C arrays.

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace workbook {

namespace detail {

struct Anything {
  template <class T>
  operator T() const;
};

template <class T, std::size_t... i>
constexpr bool takes(std::index_sequence<i...>) {
  return requires { T{(static_cast<void>(i), Anything{})...}; };
}

template <class T, std::size_t n = 12>
constexpr std::size_t count_fields() {
  if constexpr (n == 0 || takes<T>(std::make_index_sequence<n>{}))
    return n;
  else
    return count_fields<T, n - 1>();
}

}  // namespace detail

template <class T>
concept PlainStruct = std::is_class_v<T> && std::is_aggregate_v<T>;

/// Number of fields, or 12 if there are more than eleven.
template <PlainStruct T>
inline constexpr std::size_t field_count = detail::count_fields<T>();

/// References to the fields of a plain struct, in order; const if `s` is.
template <class S>
requires PlainStruct<std::remove_const_t<S>>
constexpr auto fields(S& s) {
  constexpr std::size_t n = field_count<std::remove_const_t<S>>;
  static_assert(n <= 11, "a plain struct in a contract has at most eleven fields");
  if constexpr (n == 0) {
    return std::tie();
  } else if constexpr (n == 1) {
    auto& [a] = s;
    return std::tie(a);
  } else if constexpr (n == 2) {
    auto& [a, b] = s;
    return std::tie(a, b);
  } else if constexpr (n == 3) {
    auto& [a, b, c] = s;
    return std::tie(a, b, c);
  } else if constexpr (n == 4) {
    auto& [a, b, c, d] = s;
    return std::tie(a, b, c, d);
  } else if constexpr (n == 5) {
    auto& [a, b, c, d, e] = s;
    return std::tie(a, b, c, d, e);
  } else if constexpr (n == 6) {
    auto& [a, b, c, d, e, f] = s;
    return std::tie(a, b, c, d, e, f);
  } else if constexpr (n == 7) {
    auto& [a, b, c, d, e, f, g] = s;
    return std::tie(a, b, c, d, e, f, g);
  } else if constexpr (n == 8) {
    auto& [a, b, c, d, e, f, g, h] = s;
    return std::tie(a, b, c, d, e, f, g, h);
  } else if constexpr (n == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = s;
    return std::tie(a, b, c, d, e, f, g, h, i);
  } else if constexpr (n == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = s;
    return std::tie(a, b, c, d, e, f, g, h, i, j);
  } else {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = s;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k);
  }
}

}  // namespace workbook
