#include "common/bench/judge.h"

#include "common/bench/cost.h"
#include "common/tensor/compare.h"

namespace workbook::bench {

namespace {

/// What the device's allocator saw; else, on a device, what the lesson promises, because a worker measures its own
/// memory and not the device's.
void note_memory(Case& row, const Observed& seen) {
  const double result = static_cast<double>(bytes_of(row.dtype) * seen.result.size());
  if (seen.workspace) {
    row.workspace_bytes = *seen.workspace;
    row.peak_bytes = *seen.workspace + result;
  } else if (row.device != "cpu") {
    row.peak_bytes = row.estimate_bytes;
    row.workspace_bytes = row.estimate_bytes - result;
  } else if (seen.metered) {
    const Evidence& e = seen.evidence;
    row.peak_bytes = static_cast<double>(e.heap_peak + e.stack + e.static_data);
    row.workspace_bytes = static_cast<double>(e.workspace());
  }
}

}  // namespace

void judge(const Group& group, Running& running, const Observed& seen, const Tensor64& expected,
           const Tensor64& baseline) {
  Case& row = running.row;
  row.error_limit = error_limit(group.config, expected, row.dtype);
  row.note = seen.note;
  const Tolerance tolerance{row.error_limit, 0, "rounding of " + row.dtype};
  const Comparison found = compare(to_double(seen.result), expected, tolerance);
  row.verified = found.ok();
  row.max_error = found.worst_error;
  note_memory(row, seen);
  if (!row.verified) {
    row.status = status::kWrong;
    row.problem = explain(found, tolerance);
    running.calls_left = 0;
    return;
  }
  double squares = 0, sum = 0;
  const bool comparable = group.layer.name != "latent" && group.layer.name != "cross-attention";
  for (std::int64_t i = 0; i < seen.result.size(); ++i) {
    sum += seen.result.data()[i];
    if (!comparable) continue;
    const double difference = double{seen.result.data()[i]} - baseline.data()[i];
    squares += difference * difference;
  }
  const auto size = static_cast<double>(seen.result.size());
  row.mean_result = sum / size;
  if (comparable) row.mse = squares / size;  // latent and cross-attention have other weights or inputs
  running.moved = compulsory_bytes(group.config) * static_cast<double>(bytes_of(row.dtype)) / 4 +
                  (known(row.workspace_bytes) ? 2 * row.workspace_bytes : 0);
  row.intensity = running.flops / running.moved;
  running.guess_s = seen.seconds;
}

}  // namespace workbook::bench
