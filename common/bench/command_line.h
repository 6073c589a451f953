#pragma once
/// The benchmark's command line: what can be asked for, and doing it.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/bench/engine.h"

namespace CLI {
class App;
}

namespace workbook::bench {

struct Format {
  bool json = false, csv = false, markdown = false;
};

/// What the options said.
struct RunCommand {
  std::string plugins, worker, impl = "solution";
  std::vector<std::string> models, layers, backends;
  std::string dtype, device = "cpu", sweep;  ///< no dtype: those of all backends
  int num_runs = 5, warmup = 1, threads = 1;
  std::int64_t scale = 0;  ///< 0: what fits the memory
  std::optional<std::int64_t> batch, seq, d_model, heads, kv_heads;
  bool peers = false;
  Format format;
  std::vector<std::string> files;  ///< of report and compare
  std::string output;              ///< of report
  std::string line;                ///< what was typed
};

/// Declares all options, and the subcommands report and compare.
void declare(CLI::App& app, RunCommand& command);

/// Measures. @throws std::invalid_argument for options that cannot be combined, naming those that can
Document run(const RunCommand& command, const Progress& progress, const Stop& stop);

std::string rendered(const Document& document, const Format& format);

/// report or compare. @returns the exit code
int run_subcommand(const std::string& name, const RunCommand& command);

}  // namespace workbook::bench
