#pragma once
/// What can be asked of the benchmark's program. The command line reads the same options, to show their help and to
/// refuse what is wrong before it builds anything.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace workbook::bench {

/// The names of all workloads, as common/bench/workload.cpp defines them.
inline constexpr std::array kWorkloads{"seed_layer",   "backend_128",  "backend_512", "backend_1024",
                                       "backend_2048", "backend_4096", "deepseek_v3", "llama3_70b",
                                       "llama3_405b",  "core_d32",     "core_d64",    "core_d128",
                                       "core_gqa",     "decode_gqa",   "decode_long", "tiny"};

struct Format {
  bool json = false, csv = false, markdown = false, console = false;
};

/// In place of a lesson's number: all lessons, by whoever works here, beside the solutions.
inline constexpr const char* kMine = "mine";

/// What the options said.
struct RunCommand {
  std::string lesson;                 ///< its number: a short look at this lesson alone; or kMine
  std::string plugins, worker, impl;  ///< no impl: "solution"; of one lesson, both
  std::vector<std::string> models, layers, backends;
  std::string dtype, device, sweep;  ///< no dtype: those of all backends; no device: cpu, and for kMine both
  int num_runs = 0;                  ///< 0: five; for one lesson, three; for kMine, six
  int warmup = 1;
  int threads = 0;         ///< 0: one; for one lesson, all cores
  std::int64_t scale = 0;  ///< 0: what fits the memory
  std::optional<std::int64_t> batch, seq, d_model, heads, kv_heads;
  bool peers = false;
  bool calibrate = false;  ///< fits lesson 13's time model to what was measured
  Format format;
  std::vector<std::string> sandbox;  ///< grading: the command that runs a worker's command, confined
  std::string board, save;           ///< of kMine: the board's JSON, and the folder for the results
  std::vector<std::string> broken;   ///< of kMine: lessons that do not compile
  std::vector<std::string> files;    ///< of report and compare
  std::string output;                ///< of report
  bool mine = false;                 ///< of report: the files are those of kMine
  bool of_class = false;             ///< of report: each file is a student's
  std::string line;                  ///< what was typed
};

/// Declares all options, and the subcommands report and compare. `command` must live as long as `app`.
void declare(CLI::App& app, RunCommand& command);

/// The help, if the arguments ask for it.
/// @throws std::invalid_argument for arguments that the program refuses when it reads them
std::optional<std::string> help_asked_for(const std::string& self, const std::vector<std::string>& arguments);

}  // namespace workbook::bench
