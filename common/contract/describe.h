#pragma once
/// Values as failure text shows them: tensors by shape, everything else in full if it is short.

#include <string>

#include "common/contract/parameter.h"
#include "common/tensor/compare.h"

namespace workbook {

namespace detail {

template <auto value>
constexpr std::string_view enumerator() {
  const std::string_view pretty = value_in(pretty_value<value>());
  return pretty.starts_with('(') ? std::string_view() : unqualified(pretty, 1);  // "(Mask)7" names no enumerator
}

/// The name of an enumerator with a value from 0 to 15; else its number.
template <class E, std::size_t... i>
std::string describe_enum(E value, std::index_sequence<i...>) {
  std::string text;
  ((static_cast<std::size_t>(value) == i ? void(text = enumerator<static_cast<E>(i)>()) : void()), ...);
  return text.empty() ? std::to_string(static_cast<std::int64_t>(value)) : text;
}

}  // namespace detail

template <class T>
std::string describe(const T& value);

namespace detail {

template <class Range>
std::string describe_list(const Range& items, char open, char close) {
  constexpr std::size_t kShown = 8;
  if (items.size() > kShown) return open + std::to_string(items.size()) + " values" + close;
  std::string text(1, open);
  bool first = true;
  for (const auto& item : items) {
    text += (first ? "" : ", ") + describe<std::remove_cvref_t<decltype(item)>>(item);
    first = false;
  }
  return text + close;
}

/// Never defined: it is there for its fields to have addresses. T is no local type.
template <class T>
extern const T any_value_of;

template <const auto* field>
constexpr std::string_view pretty_field() {
  return __PRETTY_FUNCTION__;
}

/// From "... (& any_value_of<ns::S>.ns::S::mask) ..." (g++): what the compiler calls the field; "" with clang, which
/// takes no field's address for a template's argument before version 18.
template <PlainStruct T, std::size_t i>
constexpr std::string_view field_name() {
#ifdef __clang__
  return "";
#else
  constexpr std::string_view pretty = pretty_field<&std::get<i>(fields(any_value_of<T>))>();
  constexpr std::size_t end = pretty.rfind(')'), begin = pretty.find_last_of(":.", end) + 1;
  return pretty.substr(begin, end - begin);
#endif
}

/// "mask: causal"
template <std::size_t i, PlainStruct T>
std::string describe_field(const T& value) {
  constexpr std::string_view name = field_name<T, i>();
  return std::string(name) + (name.empty() ? "" : ": ") + describe(std::get<i>(fields(value)));
}

/// "{mask: causal, q_tile: 4}"
template <PlainStruct T, std::size_t... i>
std::string describe_fields([[maybe_unused]] const T& value, std::index_sequence<i...>) {
  std::string text = "{";
  ((text += (i == 0 ? "" : ", ") + describe_field<i>(value)), ...);
  return text + "}";
}

}  // namespace detail

template <class T>
std::string describe(const T& value) {
  if constexpr (std::same_as<T, bool>)
    return value ? "true" : "false";
  else if constexpr (std::is_enum_v<T>)
    return detail::describe_enum(value, std::make_index_sequence<16>{});
  else if constexpr (std::is_integral_v<T>)
    return std::to_string(value);
  else if constexpr (detail::Number<T>)
    return show(static_cast<double>(value));
  else if constexpr (std::convertible_to<T, std::string_view>)
    return '"' + std::string(std::string_view(value)) + '"';
  else if constexpr (detail::is_tensor<T>)
    return to_string(value.shape());
  else if constexpr (detail::is_instance<T, std::optional>)
    return value ? describe(*value) : "none";
  else if constexpr (detail::is_instance<T, std::vector> || detail::is_span<T> || detail::is_std_array<T>)
    return detail::describe_list(value, '{', '}');
  else if constexpr (detail::TupleLike<T>)
    return std::apply(
        [](const auto&... item) {
          std::string text = "(";
          ((text += (text.size() > 1 ? ", " : "") + describe(item)), ...);
          return text + ")";
        },
        value);
  else if constexpr (PlainStruct<T>)
    return detail::describe_fields(value, std::make_index_sequence<field_count<T>>{});
  else
    return "object";
}

}  // namespace workbook
