#include "common/bench/judge.h"

#include "common/bench/cost.h"
#include "common/tensor/compare.h"

namespace workbook::bench {

namespace {

/// What the device's allocator saw; else, on a device, what the lesson promises, because a worker measures its own
/// memory and not the device's.
void note_memory(Case& row, const Observed& seen) {
  double result = 0;
  for (const Tensor& tensor : seen.result) result += static_cast<double>(bytes_of(row.dtype) * tensor.size());
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

/// Each tensor has its own limit, as gradients may be of another size than the output. The row shows the error that is
/// nearest to its limit, and the first tensor that is wrong.
void compare_all(const Group& group, Case& row, const std::vector<Tensor>& result,
                 const std::vector<Tensor64>& expected) {
  constexpr const char* kTraining[] = {"output: ", "dq: ", "dk: ", "dv: "};
  row.verified = true;
  row.max_error = 0, row.error_limit = error_limit(group.config, expected.front(), row.dtype);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Tolerance tolerance{error_limit(group.config, expected[i], row.dtype), 0, "rounding of " + row.dtype};
    const Comparison found = compare(to_double(result.at(i)), expected[i], tolerance);
    if (!(found.worst_error * row.error_limit <= row.max_error * tolerance.absolute) || !found.ok())
      row.max_error = found.worst_error, row.error_limit = tolerance.absolute;
    if (found.ok()) continue;
    row.verified = false;
    row.problem = (expected.size() > 1 ? kTraining[i] : "") + explain(found, tolerance);
    return;
  }
}

}  // namespace

void judge(const Group& group, Running& running, const Observed& seen, const std::vector<Tensor64>& expected,
           const Tensor64& baseline) {
  Case& row = running.row;
  row.note = seen.note;
  compare_all(group, row, seen.result, expected);
  note_memory(row, seen);
  if (!row.verified) {
    row.status = status::kWrong;
    running.calls_left = 0;
    return;
  }
  const Tensor& output = seen.result.front();
  double squares = 0, sum = 0;
  const bool comparable = group.layer.name != "latent" && group.layer.name != "cross-attention";
  for (std::int64_t i = 0; i < output.size(); ++i) {
    sum += output.data()[i];
    if (!comparable) continue;
    const double difference = double{output.data()[i]} - baseline.data()[i];
    squares += difference * difference;
  }
  const auto size = static_cast<double>(output.size());
  row.mean_result = sum / size;
  if (comparable) row.mse = squares / size;  // latent and cross-attention have other weights or inputs
  running.moved = compulsory_bytes(group.config, running.offer.backend) +
                  (known(row.workspace_bytes) ? 2 * row.workspace_bytes : 0);
  row.intensity = running.flops / running.moved;
  running.guess_s = seen.seconds;
}

}  // namespace workbook::bench
