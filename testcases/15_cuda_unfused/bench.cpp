// Offers lesson 15 to the benchmark: unfused attention with cuBLAS's products, with the lesson's, and with tiled
// scores.

#include <cmath>

#include "common/bench/device_backend.h"
#include "common/cuda/check.h"
#include "cuda_unfused.h"

using namespace workbook;
using namespace workbook::attention_layer;

namespace {

enum Slot { scores_slot, k_slot, v_slot, weights_slot };

/// The lesson has as many KV heads as query heads: they are copied, as libraries without grouped attention do.
template <class T>
const T* repeated(const DeviceCallOf<T>& call, const DeviceTensor<const T>& kv, Slot slot) {
  const std::int64_t n_rep = call.q.shape()[1] / kv.shape()[1];
  if (n_rep == 1) return kv.data();
  const std::int64_t head = kv.shape()[2] * kv.shape()[3] * static_cast<std::int64_t>(sizeof(T)),
                     copies = kv.shape()[0] * call.q.shape()[1];
  auto* const to_gmem = reinterpret_cast<std::byte*>(call.device.scratch(slot, (copies * head + 3) / 4));
  const auto* const from_gmem = reinterpret_cast<const std::byte*>(kv.data());
  for (std::int64_t copy = 0; copy < copies; ++copy)
    check(cudaMemcpyAsync(to_gmem + copy * head, from_gmem + copy / n_rep * head, head, cudaMemcpyDeviceToDevice,
                          call.device.stream()));
  return reinterpret_cast<const T*>(to_gmem);
}

/// The steps of unfused attention; the first and the last are given.
template <class T, class Scores, class Values>
void unfused(const DeviceCallOf<T>& call, Scores&& make_scores, Values&& add_values) {
  const std::int64_t heads = call.q.shape()[0] * call.q.shape()[1], q_len = call.q.shape()[2],
                     kv_len = call.k.shape()[2], head_dim = call.q.shape()[3];
  const DeviceTensor<const T> q(call.q.data(), {heads, q_len, head_dim});
  const DeviceTensor<const T> k(repeated(call, call.k, k_slot), {heads, kv_len, head_dim});
  const DeviceTensor<const T> v(repeated(call, call.v, v_slot), {heads, kv_len, head_dim});
  const DeviceOutput<T> out(call.out.data(), {heads, q_len, head_dim});
  const Shape shape{heads, q_len, kv_len};
  float* const scores_gmem = call.device.scratch(scores_slot, shape.size());
  const DeviceTensor<float> scores(scores_gmem, shape);
  cudaStream_t stream = call.device.stream();
  make_scores(q, k, DeviceOutput<float>(scores_gmem, shape));
  cuda_unfused::scale_scores(scores, 1 / std::sqrt(static_cast<float>(head_dim)), stream);
  if (call.mask == Mask::causal) cuda_unfused::mask_scores(scores, stream);
  cuda_unfused::softmax_rows(scores, stream);
  add_values(DeviceTensor<const float>(scores_gmem, shape), v, out);
}

/// Both products by cuBLAS, in the call's type; scores and the softmax are in float32. The weights of 16 bits are a
/// copy.
template <class T>
void with_cublas(const DeviceCallOf<T>& call) {
  const auto product = [&](const auto& a, const auto& b, const auto& c, bool b_transposed, bench::Element result) {
    const auto matrix = [](const auto& x) {
      return bench::Product::Operand{x.data(), x.shape()[2], x.shape()[1] * x.shape()[2]};
    };
    call.device.multiply({.a = matrix(a),
                          .b = matrix(b),
                          .c = c.data(),
                          .c_row_pitch = c.shape()[2],
                          .c_matrix_pitch = c.shape()[1] * c.shape()[2],
                          .batch = c.shape()[0],
                          .rows = c.shape()[1],
                          .columns = c.shape()[2],
                          .inner = a.shape()[2],
                          .b_transposed = b_transposed,
                          .factors = bench::kElementOf<T>,
                          .result = result});
  };
  const auto narrowed = [&](const DeviceTensor<const float>& weights) {
    if constexpr (std::is_same_v<T, float>) {
      return weights;
    } else {
      void* const to_gmem = call.device.scratch(weights_slot, (weights.size() + 1) / 2);
      call.device.narrow(weights.data(), to_gmem, weights.size(), bench::kElementOf<T>);
      return DeviceTensor<const T>(static_cast<const T*>(to_gmem), weights.shape());
    }
  };
  unfused(
      call,
      [&](const auto& q, const auto& k, const auto& scores) { product(q, k, scores, true, bench::Element::float32); },
      [&](const auto& weights, const auto& v, const auto& out) {
        product(narrowed(weights), v, out, false, bench::kElementOf<T>);
      });
}

template <auto Scores>
void with_kernels(const DeviceCall& call) {
  cudaStream_t stream = call.device.stream();
  unfused(
      call, [&](const auto& q, const auto& k, const auto& scores) { Scores(q, k, scores, stream); },
      [&](const auto& weights, const auto& v, const auto& out) {
        cuda_unfused::weighted_sum(weights, v, out, stream);
      });
}

/// The scores, weights of 16 bits beside them, and the copies of K and V.
template <int kElementBytes>
std::int64_t workspace(const Extents& e) {
  const std::int64_t copies = e.heads == e.kv_heads ? 0 : 2 * e.heads * e.kv_len * e.head_dim;
  const std::int64_t score = kElementBytes == 4 ? 4 : 4 + kElementBytes;
  return e.batch * (score * e.heads * e.q_len * e.kv_len + kElementBytes * copies);
}

}  // namespace

std::vector<DeviceImplementation> attention_layer::device_implementations() {
  return {{"unfused", with_cublas<float>, workspace<4>},
          {"unfused", nullptr, workspace<2>, with_cublas<float16>, with_cublas<bfloat16>},
          {"kernels", with_kernels<cuda_unfused::attention_scores>, workspace<4>},
          {"tiled", with_kernels<cuda_unfused::attention_scores_tiled>, workspace<4>}};
}
