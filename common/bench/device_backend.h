#pragma once
/// How a CUDA lesson joins the benchmark: testcases/NN_name/bench.cpp includes this and defines implementations().
///
/// That file is compiled for the host, once for the simulator and once for a GPU, and linked with the lesson's
/// implementation.

#include "common/bench/device.h"

namespace workbook::attention_layer {

/// Everything is dense, of one type, and in device memory; work goes into the device's stream.
template <class T>
struct DeviceCallOf {
  DeviceTensor<const T> q;  ///< [batch, heads, q_len, head_dim]
  DeviceTensor<const T> k;  ///< [batch, kv_heads, kv_len, head_dim]
  DeviceTensor<const T> v;  ///< [batch, kv_heads, kv_len, head_dim]
  DeviceOutput<T> out;      ///< [batch, heads, q_len, head_dim]
  Mask mask;
  bench::Device& device;
};
using DeviceCall = DeviceCallOf<float>;

/// Keys and values on the host, in the call's type.
struct HostRows {
  std::span<const std::byte> k, v;
  const Shape& shape;  ///< [batch, kv_heads, kv_len, head_dim]
  std::size_t element_bytes;
};

/// One row of the benchmark for each type that has a function. Rows of 16 bits are offered without projections only.
struct DeviceImplementation {
  std::string name;
  void (*enqueue)(const DeviceCall& call);            ///< in float32; null: not offered
  std::int64_t (*workspace)(const Extents& extents);  ///< device bytes beyond arguments and result
  void (*enqueue_float16)(const DeviceCallOf<float16>& call) = nullptr;
  void (*enqueue_bfloat16)(const DeviceCallOf<bfloat16>& call) = nullptr;
  bool (*takes)(const Extents& extents) = nullptr;  ///< null: all extents
  /// Once for each layer, before the clock starts: brings keys and values to the device in an order of its own.
  void (*prepare)(const HostRows& rows, bench::Device& device) = nullptr;
};

/// What the lesson offers, for softmax attention.
std::vector<DeviceImplementation> device_implementations();

}  // namespace workbook::attention_layer
