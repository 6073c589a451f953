// Offers lesson 18 to the benchmark: attention on tensor cores, in 16 bits.

#include "common/bench/device_backend.h"
#include "cuda_tensor_cores.h"

using namespace workbook;
using namespace workbook::attention_layer;

namespace {

template <auto F, class T>
void run(const DeviceCallOf<T>& call) {
  const Shape rows{call.q.shape()[0], call.q.shape()[1], call.q.shape()[2]};
  const DeviceOutput<float> lse(call.device.scratch(0, rows.size()), rows);
  F(call.q, call.k, call.v, call.out, lse, call.mask, call.device.stream());
}

/// A log-sum-exp for each query.
std::int64_t workspace(const Extents& e) { return 4 * e.batch * e.heads * e.q_len; }

bool multiples_of_16(const Extents& e) { return e.head_dim % 16 == 0 && e.head_dim <= 128; }

}  // namespace

std::vector<DeviceImplementation> attention_layer::device_implementations() {
  using namespace cuda_tensor_cores;
  return {{"wmma", nullptr, workspace, run<wmma_attention, float16>, nullptr, multiples_of_16},
          {"mma", nullptr, workspace, run<mma_attention, float16>, run<mma_attention_bf16, bfloat16>, multiples_of_16},
          {"pipelined", nullptr, workspace, run<pipelined_attention, float16>, run<pipelined_attention_bf16, bfloat16>,
           multiples_of_16}};
}
