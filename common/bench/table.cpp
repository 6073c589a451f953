#include "common/bench/table.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/bench/statistics.h"

namespace workbook::bench {

namespace {

double mebibytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

double gflops(const Case& c) { return c.seconds.empty() ? 0 : 1e-9 * c.flops / median(c.seconds); }

std::string row(const Case& c, const Case& baseline, double matmul_rate) {
  const std::string name = fmt::format("{} (kv_heads={})", c.layer, c.kv_heads);
  if (!c.verified)
    return fmt::format("  {:<28} {}\n", name, c.problem.empty() ? "not reached" : "WRONG, not timed: " + c.problem);
  if (c.seconds.empty()) return fmt::format("  {:<28} verified, not timed\n", name);
  const std::string mse = &c == &baseline ? "baseline" : fmt::format("{:.6f}", c.mse);
  return fmt::format("  {:<28} {:>8.1f} ± {:<6.1f} {:>7.2f}x {:>8.1f} {:>7.0f} % {:>9.1f} {:>9.1e} {:>10} {:>10.6f}\n",
                     name, 1e3 * mean(c.seconds), 1e3 * standard_deviation(c.seconds),
                     median(baseline.seconds) / median(c.seconds), gflops(c), 100 * gflops(c) / matmul_rate,
                     mebibytes(c.peak_bytes), c.max_error, mse, c.mean_result);
}

}  // namespace

Machine describe_machine() {
  Machine machine{.processor = "unknown processor", .cores = static_cast<int>(std::thread::hardware_concurrency())};
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) {
      machine.processor = line.substr(line.find(": ") + 2);
      break;
    }
  machine.matmul_gflops = matmul_gflops();
  return machine;
}

std::string as_text(const Machine& machine, const Options& options, const std::vector<Case>& cases) {
  const Workload& w = options.workload;
  std::string text = fmt::format(
      "  Causal attention layers, projections included\n"
      "  device cpu, 1 thread · {}\n"
      "  x [{}, {}, {}] float32 · {} heads of {} · {} runs after {} to warm up\n"
      "  matmul on this machine: {:.1f} GFLOP/s\n\n",
      machine.processor, w.batch, w.seq, w.d_model, w.heads, w.d_model / w.heads, options.num_runs, options.warmup,
      machine.matmul_gflops);
  text += fmt::format("  {:<28} {:>17} {:>8} {:>8} {:>9} {:>9} {:>9} {:>10} {:>10}\n", "layer", "time, ms (mean)",
                      "speedup", "GFLOP/s", "of matmul", "peak MiB", "error", "MSE", "mean");
  for (const Case& c : cases) text += row(c, cases.front(), machine.matmul_gflops);
  return text +
         "\n  error: largest difference to the layer's own reference in double. MSE: to multi-head, whose K/V heads "
         "the\n"
         "  others have mean-pooled. Peak: alive at once beyond x and the weights. GFLOP/s: useful ones only; the "
         "masked\n"
         "  half of the scores does not count.\n";
}

std::string as_json(const Machine& machine, const Options& options, const std::vector<Case>& cases) {
  const Workload& w = options.workload;
  nlohmann::ordered_json document{
      {"machine",
       {{"processor", machine.processor}, {"cores", machine.cores}, {"matmul_gflops", machine.matmul_gflops}}},
      {"cases", nlohmann::json::array()}};
  for (const Case& c : cases)
    document["cases"].push_back({{"workload", fmt::format("{}x{}x{}", w.batch, w.seq, w.d_model)},
                                 {"layer", c.layer},
                                 {"backend", "unfused"},
                                 {"device", "cpu"},
                                 {"causal", true},
                                 {"heads", w.heads},
                                 {"kv_heads", c.kv_heads},
                                 {"runs", c.seconds.size()},
                                 {"median_s", median(c.seconds)},
                                 {"mean_s", mean(c.seconds)},
                                 {"std_s", standard_deviation(c.seconds)},
                                 {"gflops", gflops(c)},
                                 {"share_of_matmul", gflops(c) / machine.matmul_gflops},
                                 {"peak_bytes", c.peak_bytes},
                                 {"workspace_bytes", c.workspace_bytes},
                                 {"max_error", c.max_error},
                                 {"error_limit", c.error_limit},
                                 {"verified", c.verified},
                                 {"mse", c.mse},
                                 {"mean_result", c.mean_result},
                                 {"problem", c.problem}});
  return document.dump(1) + "\n";
}

}  // namespace workbook::bench
