#pragma once
/// How a parameter crosses: what holds its value on the other side, and whether it comes back.

#include <span>
#include <string_view>

#include "common/contract/codec.h"
#include "common/contract/signature.h"
#include "common/cuda/device_tensor.h"

namespace workbook {

namespace detail {

template <class T>
inline constexpr bool is_span = false;
template <class T>
inline constexpr bool is_span<std::span<T>> = true;

}  // namespace detail

/// Parameter of declared type P, a value: Held is what owns it in the worker.
template <class P>
struct Parameter {
  using Held = std::remove_cvref_t<P>;
  static constexpr bool is_object = !Transferable<Held>;
  static constexpr bool in_out =
      !is_object && std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>;
  static constexpr bool read_only = !is_object && !in_out && std::is_reference_v<P>;
  static P pass(Held& held) { return static_cast<P>(held); }
};

template <class T>
struct Parameter<std::span<T>> {
  using Held = std::vector<std::remove_const_t<T>>;
  static constexpr bool is_object = false;
  static constexpr bool in_out = !std::is_const_v<T>;
  static constexpr bool read_only = !in_out;
  static std::span<T> pass(Held& held) { return held; }
};

template <>
struct Parameter<std::string_view> {
  using Held = std::string;
  static constexpr bool is_object = false;
  static constexpr bool in_out = false;
  static constexpr bool read_only = true;
  static std::string_view pass(Held& held) { return held; }
};

/// Device memory crosses as the tensor that it holds.
template <class T>
struct Parameter<DeviceTensor<T>> {
  using Held = TensorOf<std::remove_const_t<T>>;
  static constexpr bool is_object = false;
  static constexpr bool in_out = !std::is_const_v<T>;
  static constexpr bool read_only = !in_out;
  static constexpr bool is_device = true;
};
template <class T>
struct Parameter<DeviceOutput<T>> : Parameter<DeviceTensor<T>> {};
template <>
struct Parameter<cudaStream_t> {
  using Held = NewStream;
  static constexpr bool is_object = false;
  static constexpr bool in_out = false;
  static constexpr bool read_only = false;
  static constexpr bool is_device = true;
};

template <class P>
concept DeviceParameter = requires {
  requires Parameter<P>::is_device;
};

/// A class that is not a value: it lives in the worker, and its id crosses.
template <class P>
concept ObjectParameter = Parameter<P>::is_object && std::is_class_v<std::remove_cvref_t<P>> && std::is_reference_v<P>;

/// A class whose elements all lie in one tensor, `const Tensor& storage() const`: what calls touch of it is counted.
template <class T>
concept HasStorage = requires(const T& object) {
  { object.storage() } -> std::same_as<const Tensor&>;
};

template <class P>
concept ValueParameter = !Parameter<P>::is_object && Transferable<typename Parameter<P>::Held>;

/// Address and size of an argument's elements, for what has any.
template <class T>
std::span<const std::byte> elements_of(const T& value) {
  if constexpr (detail::is_tensor<T>)
    return std::as_bytes(value.values());
  else if constexpr (detail::is_instance<T, std::vector> && !std::same_as<T, std::vector<bool>>)
    return std::as_bytes(std::span(value));
  else if constexpr (HasStorage<T>)
    return elements_of(value.storage());
  else
    return {};
}

}  // namespace workbook
