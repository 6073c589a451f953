#pragma once
/// A worker as its checker sees it: a process that serves calls, and cannot be trusted.

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/contract/message.h"
#include "common/report/verdict.h"
#include "common/worker/meter.h"

namespace workbook {

/// What one test case may use. How busy the machine is makes no difference: time spent waiting for a processor does not
/// count.
struct Limits {
  std::uint64_t memory = std::uint64_t{2} << 30;   ///< live bytes, everything included, or meter::kUnlimited
  double cpu_seconds = 5;                          ///< computing, all threads together, for one call; one more for all
  double idle_seconds = 5;                         ///< in all calls, while no thread computes or could: asleep, blocked
  double wall_seconds = 1e9;                       ///< by the clock, for one call: where a device works for it
  std::uint64_t reply = std::uint64_t{256} << 20;  ///< longest reply, bytes
  bool keep_pages = false;  ///< what a call frees stays in the process, as in a program that runs for long: for timing
};

/// How an implementation is run.
struct RunOptions {
  std::string plugin;                ///< path of the plugin
  std::string worker;                ///< path of the worker executable
  bool in_process = false;           ///< load the plugin here, for a debugger
  bool on_gpu = false;               ///< every test runs the plugin's `gpu` flavour
  bool rehearse = false;             ///< wherever a GPU is wanted, the simulator's plain flavour takes its place
  std::vector<std::string> sandbox;  ///< grading: the command that runs the worker's command, confined
  bool trust_plugin = true;          ///< false when grading: the plugin's file is not looked at
  bool trust_meter = true;           ///< false: as if the implementation had forged its workspace to be none
  bool kernels_last = false;         ///< simulator: host code returns before any kernel runs, and sees no values
  bool check_tolerances = false;     ///< a comparison whose tolerance admits twice or half of the values fails
  Limits limits;
};

/// The same with `on_gpu`, no limit on memory, since CUDA reserves some 80 GB of addresses for each process, and more
/// patience, since a process is idle while its GPU works.
RunOptions for_gpu(RunOptions options);

/// Whether CUDA can have a device here.
bool machine_has_gpu();

/// The implementation cannot go on: the verdict is known and the test case ends.
struct Stopped : std::runtime_error {
  Stopped(Verdict v, const std::string& text) : std::runtime_error(text), verdict(v) {}
  Verdict verdict;
};

/// The workbook itself failed: no verdict on anybody's code can come of this run.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a worker took, by the limits' measures.
struct Spent {
  double cpu_seconds = 0, idle_seconds = 0;
};

/// Something that answers requests: a worker process, or the plugin itself when debugging.
class Server {
 public:
  virtual ~Server() = default;

  /// The reply's bytes. @throws Stopped if none came; every later exchange then throws the same.
  virtual std::vector<std::byte> exchange(std::span<const std::byte> request) = 0;

  /// How long the calls after this one may take.
  virtual void allow(const Limits&) {}

  /// What the implementation printed so far, at most `max_bytes` of it.
  virtual std::string output(std::size_t max_bytes) const = 0;

  /// Whether heap and stack are counted.
  virtual bool metered() const = 0;

  /// Most memory that the implementation had so far, where it can be counted from outside; else 0.
  virtual std::uint64_t memory_peak() const { return 0; }

  /// What it took so far, where that can be measured from outside.
  virtual Spent spent() const { return {}; }

  /// Threads that the last call left running, where they can be counted from outside; else 0.
  virtual std::uint32_t threads_left() const { return 0; }
};

/// Starts a worker process and loads the plugin in it.
/// @throws Stopped if the plugin ends the process while it is loaded; Fault if the worker cannot be run or confined, or
///         the plugin cannot be loaded or was built for another contract. A plugin that is not trusted causes no Fault.
std::unique_ptr<Server> start_worker(const RunOptions& options, const std::string& contract);

/// Loads the plugin into this process.
std::unique_ptr<Server> load_in_process(const RunOptions& options, const std::string& contract);

}  // namespace workbook
