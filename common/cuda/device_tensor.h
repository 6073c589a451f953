#pragma once
/// Device memory as a contract names it. A test passes tensors; the worker copies them to the device before the call
/// and back after it.

#include <type_traits>

#include "common/tensor/shape.h"
#include "common/tensor/storage.h"

struct CUstream_st;
using cudaStream_t = CUstream_st*;

namespace workbook {

/// Bytes of one element, also where only the name of its type is known, as that of float16 in a .cu file.
template <class T>
inline constexpr std::size_t kElementBytes = sizeof(T);
template <>
inline constexpr std::size_t kElementBytes<float16> = 2;
template <>
inline constexpr std::size_t kElementBytes<bfloat16> = 2;

/// A tensor's elements on the device, row-major. DeviceTensor<const float> is read, DeviceTensor<float> holds what the
/// test passed and may be changed.
template <class T>
class DeviceTensor {
 public:
  DeviceTensor(T* data, const Shape& shape) : data_(data), shape_(shape) {}

  T* data() const { return data_; }  ///< for kernels; the host may not follow it
  std::int64_t size() const { return shape_.size(); }
  const Shape& shape() const { return shape_; }
  int extent(int axis) const { return static_cast<int>(shape_[axis]); }

  /// The same bytes as another type of that size: as<const __half>().
  template <class U>
  U* as() const {
    static_assert(sizeof(U) == kElementBytes<std::remove_const_t<T>> && std::is_const_v<T> == std::is_const_v<U>);
    return reinterpret_cast<U*>(data_);
  }

 private:
  T* data_;
  Shape shape_;
};

/// Elements that the call has to write: they start as whatever was in that memory. A test passes a tensor of the shape.
template <class T>
class DeviceOutput : public DeviceTensor<T> {
 public:
  using DeviceTensor<T>::DeviceTensor;
};

/// What a test passes for a stream: `{}`. The worker makes one, and waits for it when the call has returned.
struct NewStream {};

}  // namespace workbook
