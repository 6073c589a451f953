#include "common/bench/table.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/bench/statistics.h"

namespace workbook::bench {

namespace {

constexpr const char* kLegend =
    "  kv: KV heads. time: mean ± standard deviation. speedup: of the medians, against the first row. GFLOP/s: useful\n"
    "  ones only, the masked half of the scores does not count; of mm: share of this machine's matmul. peak: alive at\n"
    "  once beyond x and the weights. error: largest difference to the layer's own reference in double. MSE: to\n"
    "  multi-head, whose K/V heads the other layers have mean-pooled.\n";

double mebibytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

double gflops(const Case& c) { return c.seconds.empty() ? 0 : 1e-9 * c.flops / median(c.seconds); }

std::string row(const Case& c, const Case& baseline, double matmul_rate) {
  const std::string name = fmt::format("{:<14} {:>3}  {:<8}", c.layer, c.kv_heads, c.backend);
  if (!c.verified)
    return fmt::format("  {} {}\n", name, c.problem.empty() ? "not reached" : "WRONG, not timed: " + c.problem);
  if (c.seconds.empty()) return fmt::format("  {} verified, not timed\n", name);
  const double speedup = baseline.seconds.empty() ? 0 : median(baseline.seconds) / median(c.seconds);
  const std::string mse = &c == &baseline ? "baseline" : fmt::format("{:.6f}", c.mse);
  return fmt::format("  {} {:>7.1f} ± {:<5.1f} {:>7.2f}x {:>8.1f} {:>5.0f} % {:>8.1f} {:>8.1e} {:>9} {:>10.6f}\n", name,
                     1e3 * mean(c.seconds), 1e3 * standard_deviation(c.seconds), speedup, gflops(c),
                     100 * gflops(c) / matmul_rate, mebibytes(c.peak_bytes), c.max_error, mse, c.mean_result);
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
      "  device cpu, {} thread · {}\n"
      "  x [{}, {}, {}] float32 · {} heads of {} · {} runs after {} to warm up\n"
      "  initial memory, x and the weights: {:.1f} MiB · matmul on this machine: {:.1f} GFLOP/s\n\n",
      options.threads, machine.processor, w.batch, w.seq, w.d_model, w.heads, w.d_model / w.heads, options.num_runs,
      options.warmup,
      mebibytes(4 * static_cast<std::uint64_t>(w.batch * w.seq * w.d_model + 4 * w.d_model * w.d_model)),
      machine.matmul_gflops);
  text += fmt::format("  {:<14} {:>3}  {:<8} {:>15} {:>8} {:>8} {:>7} {:>8} {:>8} {:>9} {:>10}\n", "layer", "kv",
                      "backend", "time, ms", "speedup", "GFLOP/s", "of mm", "peak MiB", "error", "MSE", "mean");
  for (const Case& c : cases) text += row(c, cases.front(), machine.matmul_gflops);
  return text + "\n" + kLegend;
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
                                 {"backend", c.backend},
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

std::string as_csv(const std::vector<Case>& cases) {
  std::string text =
      "layer,kv_heads,backend,verified,runs,median_s,mean_s,std_s,gflops,peak_bytes,max_error,mse,mean_result\n";
  for (const Case& c : cases)
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\n", c.layer, c.kv_heads, c.backend, c.verified,
                        c.seconds.size(), median(c.seconds), mean(c.seconds), standard_deviation(c.seconds), gflops(c),
                        c.peak_bytes, c.max_error, c.mse, c.mean_result);
  return text;
}

}  // namespace workbook::bench
