// Offers lesson 17 to the benchmark: attention tile by tile.

#include "common/bench/device_backend.h"
#include "cuda_flash.h"

using namespace workbook;
using namespace workbook::attention_layer;

namespace {

void flash(const DeviceCall& call) {
  const Shape rows{call.q.shape()[0], call.q.shape()[1], call.q.shape()[2]};
  const DeviceOutput<float> lse(call.device.scratch(0, rows.size()), rows);
  cuda_flash::flash_attention(call.q, call.k, call.v, call.out, lse, call.mask, call.device.stream());
}

/// A log-sum-exp for each query.
std::int64_t workspace(const Extents& e) { return 4 * e.batch * e.heads * e.q_len; }

}  // namespace

std::vector<DeviceImplementation> attention_layer::device_implementations() { return {{"flash", flash, workspace}}; }
