/// The benchmark's program, started by `./workbook bench`.

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "common/bench/table.h"
#include "common/checker/verdict.h"

namespace {

using namespace workbook;

std::atomic<bool> interrupted{false};

void show_progress(const std::string& what, int done, int total) {
  if (!isatty(STDERR_FILENO)) return;
  constexpr int width = 24;
  const int filled = width * done / total;
  fmt::print(stderr, "\r  [{}{}] {:<40}", std::string(static_cast<std::size_t>(filled), '#'),
             std::string(static_cast<std::size_t>(width - filled), ' '), what);
  std::fflush(stderr);
}

void clear_progress() {
  if (isatty(STDERR_FILENO)) fmt::print(stderr, "\r{:70}\r", "");
}

/// What cannot be measured is refused before anything is computed.
void check(const bench::Workload& w) {
  if (w.d_model % w.heads != 0)
    throw CLI::ValidationError("--heads",
                               fmt::format("expected a divisor of --d-model {}; found {}", w.d_model, w.heads));
  if (w.heads % w.kv_heads != 0)
    throw CLI::ValidationError("--kv-heads",
                               fmt::format("expected a divisor of --heads {}; found {}", w.heads, w.kv_heads));
  // Unfused attention holds two tensors of scores, the reference several of x in double.
  const double scores = 8.0 * static_cast<double>(w.batch * w.heads * w.seq * w.seq);
  const double tokens = 8.0 * static_cast<double>(w.batch * w.seq * w.d_model) * 8;
  const double gib = (scores + tokens) / (1 << 30);
  if (gib > 6)
    throw CLI::ValidationError("--seq",
                               fmt::format("expected a case that takes at most 6 GiB; this one takes {:.0f}", gib));
}

/// How the results are printed.
struct Format {
  bool json = false, csv = false;
};

int run(const bench::Options& options, const Format& format) {
  signal(SIGINT, [](int) { interrupted = true; });
  const auto cases = bench::measure_layers(options, show_progress, interrupted);
  clear_progress();
  if (format.csv) {
    fmt::print("{}", bench::as_csv(cases));
  } else {
    const bench::Machine machine = bench::describe_machine();
    fmt::print("{}", format.json ? bench::as_json(machine, options, cases) : bench::as_text(machine, options, cases));
  }
  if (interrupted) return kExitInterrupted;
  const bool right = std::all_of(cases.begin(), cases.end(), [](const bench::Case& c) { return c.verified; });
  return right ? 0 : exit_code(Verdict::wrong);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times whole causal attention layers, after their results were verified");
  bench::Options options;
  bench::Workload& w = options.workload;
  Format format;
  options.run.limits = {
      .memory = std::uint64_t{8} << 30, .cpu_seconds = 120, .wall_seconds = 600, .reply = std::uint64_t{4} << 30};
  app.add_option("--plugin", options.run.plugin, "The layers' implementation")->required()->check(CLI::ExistingFile);
  app.add_option("--worker", options.run.worker, "The worker to load it with")->required()->check(CLI::ExistingFile);
  app.add_option("--num-runs", options.num_runs, "Timed runs of each layer")->check(CLI::Range(1, 1000));
  // One thread until a lesson's code uses more: a row that ignored the option would mislead.
  app.add_option("--threads", options.threads, "Threads of a layer; the lessons so far use one")
      ->check(CLI::Range(1, 1));
  app.add_option("--batch", w.batch, "Sequences")->check(CLI::Range(1, 1 << 16));
  app.add_option("--seq", w.seq, "Tokens in a sequence")->check(CLI::Range(1, 1 << 16));
  app.add_option("--d-model", w.d_model, "Width of the layer")->check(CLI::Range(1, 1 << 16));
  app.add_option("--heads", w.heads, "Query heads")->check(CLI::Range(1, 1 << 12));
  app.add_option("--kv-heads", w.kv_heads, "KV heads of the grouped-query layer")->check(CLI::Range(1, 1 << 12));
  auto* json = app.add_flag("--json", format.json, "Print one JSON document");
  app.add_flag("--csv", format.csv, "Print comma-separated values")->excludes(json);
  try {
    app.parse(argc, argv);
    check(w);
    return run(options, format);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kExitUsage;
  } catch (const std::exception& e) {
    clear_progress();
    fmt::print(stderr, "bench: {}\n", e.what());
    return kExitFault;
  }
}
