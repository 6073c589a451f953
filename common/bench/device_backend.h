#pragma once
/// How a CUDA lesson joins the benchmark: testcases/NN_name/bench.cpp includes this and defines implementations().
///
/// That file is compiled for the host, once for the simulator and once for a GPU, and linked with the lesson's
/// implementation.

#include "common/bench/device.h"

namespace workbook::attention_layer {

/// Everything is dense and in device memory; work goes into the device's stream.
struct DeviceCall {
  DeviceTensor<const float> q;  ///< [batch, heads, q_len, head_dim]
  DeviceTensor<const float> k;  ///< [batch, kv_heads, kv_len, head_dim]
  DeviceTensor<const float> v;  ///< [batch, kv_heads, kv_len, head_dim]
  DeviceOutput<float> out;      ///< [batch, heads, q_len, head_dim]
  Mask mask;
  bench::Device& device;
};

struct DeviceImplementation {
  std::string name;
  void (*enqueue)(const DeviceCall& call);
  std::int64_t (*workspace)(const Extents& extents);  ///< device bytes beyond arguments and result
};

/// What the lesson offers, for softmax attention in float32.
std::vector<DeviceImplementation> device_implementations();

}  // namespace workbook::attention_layer
