#pragma once
/// How each kind of value is written as bytes and read back.

#include <array>
#include <bit>
#include <concepts>
#include <optional>
#include <tuple>
#include <vector>

#include "common/contract/reflect.h"
#include "common/contract/wire.h"
#include "common/tensor/tensor.h"

namespace workbook {

namespace detail {

template <class T, template <class...> class Template>
inline constexpr bool is_instance = false;
template <class... A, template <class...> class Template>
inline constexpr bool is_instance<Template<A...>, Template> = true;

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t n>
inline constexpr bool is_std_array<std::array<T, n>> = true;

template <class T>
concept TensorElement =
    std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, float16> || std::same_as<T, bfloat16> ||
    std::same_as<T, std::int32_t> || std::same_as<T, std::int64_t> || std::same_as<T, bool>;

template <class T>
inline constexpr bool is_tensor = false;
template <class T>
inline constexpr bool is_tensor<TensorOf<T>> = TensorElement<T>;

template <class T>
concept Number = std::is_arithmetic_v<T> || std::is_enum_v<T> || std::same_as<T, float16> || std::same_as<T, bfloat16>;

template <class T>
concept TupleLike = is_instance<T, std::tuple> || is_instance<T, std::pair>;

/// Numbers whose every bit pattern is a value can be copied in one go.
template <class T>
concept Bulk = Number<T> && !std::same_as<T, bool>;

template <class T>
constexpr bool transferable();

template <class... T>
constexpr bool all_transferable(const std::tuple<T&...>*) {
  return (transferable<std::remove_const_t<T>>() && ...);
}
template <class T, std::size_t... i>
constexpr bool elements_transferable(std::index_sequence<i...>) {
  return (transferable<std::tuple_element_t<i, T>>() && ...);
}

template <class T>
constexpr bool transferable() {
  if constexpr (Number<T> || std::same_as<T, std::string> || is_tensor<T>)
    return true;
  else if constexpr (is_instance<T, std::optional> || is_instance<T, std::vector> || is_std_array<T>)
    return transferable<typename T::value_type>();
  else if constexpr (TupleLike<T>)
    return elements_transferable<T>(std::make_index_sequence<std::tuple_size_v<T>>{});
  else if constexpr (PlainStruct<T>)
    return all_transferable(static_cast<decltype(fields(std::declval<T&>()))*>(nullptr));
  else
    return false;
}

}  // namespace detail

/// A type that can cross between checker and worker by value.
template <class T>
concept Transferable = detail::transferable<T>();

template <Transferable T>
void encode(Writer& out, const T& value);
template <Transferable T>
T decode(Reader& in);

namespace detail {

template <class T>
void encode_items(Writer& out, std::span<const T> items) {
  if constexpr (Bulk<T> || std::same_as<T, bool>)
    out.raw(items.data(), items.size_bytes());
  else
    for (const T& item : items) encode(out, item);
}

inline bool decode_bool(Reader& in) {
  const auto byte = in.number<std::uint8_t>();
  if (byte > 1) throw WireError("expected a boolean, found the byte " + std::to_string(byte));
  return byte == 1;
}

template <class T>
TensorOf<T> decode_tensor(Reader& in) {
  const int rank = in.number<std::uint8_t>();
  if (rank < 1 || rank > kMaxRank) throw WireError("expected a rank of 1 to 5, found " + std::to_string(rank));
  std::array<std::int64_t, kMaxRank> extents{};
  for (int axis = 0; axis < rank; ++axis) extents[static_cast<std::size_t>(axis)] = in.number<std::int64_t>();
  Shape shape;
  try {
    shape = Shape(std::span(extents.data(), static_cast<std::size_t>(rank)));
  } catch (const std::invalid_argument& e) {
    throw WireError(e.what());
  }
  if (static_cast<std::uint64_t>(shape.size()) > in.left() / sizeof(T))
    throw WireError("a tensor " + to_string(shape) + " does not fit in " + std::to_string(in.left()) + " bytes");
  if constexpr (std::same_as<T, bool>) {
    TensorOf<bool> result(shape);
    for (bool& x : result.values()) x = decode_bool(in);
    return result;
  } else {
    TensorOf<T> result(shape);
    const auto bytes = in.take(static_cast<std::uint64_t>(shape.size()) * sizeof(T));
    if (!bytes.empty()) std::memcpy(static_cast<void*>(result.values().data()), bytes.data(), bytes.size());
    return result;
  }
}

template <class T>
std::vector<T> decode_vector(Reader& in) {
  if constexpr (Bulk<T>) {
    std::vector<T> result(in.count(sizeof(T)));
    const auto bytes = in.take(result.size() * sizeof(T));
    if (!bytes.empty()) std::memcpy(static_cast<void*>(result.data()), bytes.data(), bytes.size());
    return result;
  } else {
    const std::size_t n = in.count(1);  // every other item takes at least one byte
    std::vector<T> result;
    for (std::size_t i = 0; i < n; ++i) result.push_back(decode<T>(in));
    return result;
  }
}

}  // namespace detail

template <Transferable T>
void encode(Writer& out, const T& value) {
  if constexpr (detail::Number<T>) {
    out.number(value);
  } else if constexpr (std::same_as<T, std::string>) {
    out.number(std::uint64_t{value.size()});
    out.raw(value.data(), value.size());
  } else if constexpr (detail::is_tensor<T>) {
    out.number(static_cast<std::uint8_t>(value.shape().rank()));
    for (const std::int64_t extent : value.shape().extents()) out.number(extent);
    detail::encode_items(out, value.values());
  } else if constexpr (detail::is_instance<T, std::optional>) {
    out.number(static_cast<std::uint8_t>(value.has_value()));
    if (value) encode(out, *value);
  } else if constexpr (std::same_as<T, std::vector<bool>>) {
    out.number(std::uint64_t{value.size()});
    for (const bool x : value) out.number(static_cast<std::uint8_t>(x));
  } else if constexpr (detail::is_instance<T, std::vector>) {
    out.number(std::uint64_t{value.size()});
    detail::encode_items(out, std::span<const typename T::value_type>(value));
  } else if constexpr (detail::is_std_array<T>) {
    detail::encode_items(out, std::span<const typename T::value_type>(value));
  } else if constexpr (detail::TupleLike<T>) {
    std::apply([&](const auto&... item) { (encode(out, item), ...); }, value);
  } else {
    std::apply([&](const auto&... field) { (encode(out, field), ...); }, fields(value));
  }
}

template <Transferable T>
T decode(Reader& in) {
  if constexpr (std::same_as<T, bool>) {
    return detail::decode_bool(in);
  } else if constexpr (detail::Number<T>) {
    return in.number<T>();
  } else if constexpr (std::same_as<T, std::string>) {
    const auto bytes = in.take(in.number<std::uint64_t>());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  } else if constexpr (detail::is_tensor<T>) {
    return detail::decode_tensor<typename T::value_type>(in);
  } else if constexpr (detail::is_instance<T, std::optional>) {
    if (!detail::decode_bool(in)) return std::nullopt;
    return decode<typename T::value_type>(in);
  } else if constexpr (detail::is_instance<T, std::vector>) {
    return detail::decode_vector<typename T::value_type>(in);
  } else if constexpr (detail::is_std_array<T>) {
    T result;
    for (auto& item : result) item = decode<typename T::value_type>(in);
    return result;
  } else if constexpr (detail::TupleLike<T>) {
    T result;
    std::apply([&](auto&... item) { ((item = decode<std::remove_reference_t<decltype(item)>>(in)), ...); }, result);
    return result;
  } else {
    T result{};
    std::apply([&](auto&... field) { ((field = decode<std::remove_reference_t<decltype(field)>>(in)), ...); },
               fields(result));
    return result;
  }
}

}  // namespace workbook
