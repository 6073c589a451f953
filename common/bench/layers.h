#pragma once
/// Whole attention layers, projections included: verified, then timed inside their worker.

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "common/checker/worker_process.h"
#include "common/tensor/tensor.h"

namespace workbook::bench {

/// The layer's shape: x is [batch, seq, d_model] float32, head_dim is d_model / heads, the mask causal.
struct Workload {
  std::int64_t batch = 4, seq = 1024, d_model = 512;
  int heads = 16, kv_heads = 4;
};

struct Options {
  Workload workload;
  int num_runs = 5;
  int warmup = 1;
  int threads = 1;
  RunOptions run;  ///< plugin and worker
};

/// One row of the table.
struct Case {
  std::string layer;    ///< "multi-head", ...
  std::string backend;  ///< "unfused", "fused", "flash"
  int kv_heads = 0;
  bool verified = false;
  double max_error = 0, error_limit = 0;  ///< against the layer's own double reference
  std::vector<double> seconds;
  double flops = 0;                   ///< useful ones: causal attention counts seq (seq + 1) / 2 pairs
  std::uint64_t peak_bytes = 0;       ///< most memory alive at once, beyond x and the weights
  std::uint64_t workspace_bytes = 0;  ///< peak_bytes less the result
  double mse = 0;                     ///< against the first row: multi-head, whose K/V heads it has mean-pooled
  double mean_result = 0;
  std::string problem;  ///< why it was not timed
};

/// What happens, for a progress line: "warming up", 3 of 18.
using Progress = std::function<void(const std::string& what, int done, int total)>;

/// Verifies and times every layer, run by run in turn. Stops early, with what there is, once `stop` is set.
/// A backend that cannot be called is a row that says why. @throws Fault if the machinery fails
std::vector<Case> measure_layers(const Options& options, const Progress& progress, const std::atomic<bool>& stop);

/// GFLOP/s of this machine's matmul (1024 x 1024 x 1024 float32, one thread), the best of a few: what the layers'
/// rates are held against.
double matmul_gflops();

}  // namespace workbook::bench
