#pragma once
/// What the members of a contract take and return, and how they are called.

#include <string_view>
#include <type_traits>
#include <utility>

#include "common/contract/contract.h"

namespace workbook {

template <class... T>
struct Types {};

/// A constructor's result is an owned object; see object.h.
template <class T>
struct New {
  T* object;
};

template <class C>
struct ConstructorSignature;

template <class T, class... P>
struct ConstructorSignature<Constructor<T, P...>> {
  using Made = T;
  using Result = New<T>;
  using Parameters = Types<P...>;
  static New<T> invoke(P... arguments) { return {new T(std::forward<P>(arguments)...)}; }
};

/// Result, Parameters and invoke() of a contract's member. The object of a member function is its first parameter.
template <auto F>
struct Signature : ConstructorSignature<std::remove_const_t<decltype(F)>> {};

template <class R, class... P, R (*F)(P...)>
struct Signature<F> {
  using Result = R;
  using Parameters = Types<P...>;
  static R invoke(P... arguments) { return F(std::forward<P>(arguments)...); }
};

template <class R, class C, class... P, R (C::*F)(P...)>
struct Signature<F> {
  using Result = R;
  using Parameters = Types<C&, P...>;
  static R invoke(C& object, P... arguments) { return (object.*F)(std::forward<P>(arguments)...); }
};

template <class R, class C, class... P, R (C::*F)(P...) const>
struct Signature<F> {
  using Result = R;
  using Parameters = Types<const C&, P...>;
  static R invoke(const C& object, P... arguments) { return (object.*F)(std::forward<P>(arguments)...); }
};

namespace detail {

template <auto F>
constexpr std::string_view pretty_value() {
  return __PRETTY_FUNCTION__;
}
template <class T>
constexpr std::string_view pretty_type() {
  return __PRETTY_FUNCTION__;
}

/// From "... [with auto F = &ns::Class::method; ...]" (g++) or "... [F = &ns::f]" (clang): what stands after '='.
constexpr std::string_view value_in(std::string_view pretty) {
  pretty.remove_prefix(pretty.find("= ") + 2);
  return pretty.substr(0, pretty.find_first_of(";]"));
}

constexpr std::string_view unqualified(std::string_view name, int keep) {
  for (std::size_t at = name.rfind("::"); at != std::string_view::npos; at = name.rfind("::", at - 1))
    if (--keep == 0) return name.substr(at + 2);
  return name.substr(name.starts_with('&') ? 1 : 0);
}

template <auto F>
constexpr std::string_view name_in_code() {
  if constexpr (requires { typename Signature<F>::Made; })
    return unqualified(value_in(pretty_type<typename Signature<F>::Made>()), 1);
  else
    return unqualified(value_in(pretty_value<F>()), std::is_member_function_pointer_v<decltype(F)> ? 2 : 1);
}

}  // namespace detail

/// "repeat_kv", "Journal::append", or "Journal" for a constructor.
template <auto F>
inline constexpr std::string_view name_of = detail::name_in_code<F>();

}  // namespace workbook
