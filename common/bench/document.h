#pragma once
/// A benchmark's results, as they are printed, written to JSON and read again.

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "common/bench/workload.h"

namespace workbook::bench {

/// A number that was not measured; null in JSON.
inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
inline bool known(double value) { return !std::isnan(value); }

inline constexpr const char* kNoGpu = "no GPU";

struct Machine {
  std::string processor;  ///< on another device "its name, or kNoGpu; host processor"
  int cores = 0;
  int threads = 1;  ///< of a layer
  std::int64_t memory_bytes = 0;
  double peak_gflops = kUnknown;    ///< best bursts of fused multiply-adds, on so many threads
  double bandwidth_gbs = kUnknown;  ///< best bursts of reading, 10^9 bytes/s
  std::string products;             ///< who multiplies the projections: "oneDNN 2.6.3"
  std::string command;              ///< what was typed
  std::string date;
};

/// What became of a case; spelled as in JSON.
namespace status {
inline constexpr const char* kMeasured = "measured";
inline constexpr const char* kWrong = "wrong";                        ///< not timed
inline constexpr const char* kFailed = "failed";                      ///< crashed, out of memory, not started
inline constexpr const char* kDoesNotFit = "does not fit";            ///< refused by the estimate
inline constexpr const char* kNotMeasurable = "not measurable here";  ///< needs a device that is not there
inline constexpr const char* kNotReached = "not reached";             ///< Ctrl-C came first
}  // namespace status

/// One case: a backend of a layer on a workload.
struct Case {
  std::string workload, family;
  double x = 0;  ///< the workload's place in its family's plots
  std::string layer, backend, lesson, impl, device = "cpu", dtype = "float32";
  bool causal = true;
  std::int64_t scale = 1;
  Extents extents;
  std::string status = status::kNotReached, problem;
  std::string note;  ///< what else is to be said of how it was measured

  bool verified = false, noisy = false;
  int runs = 0, tries = 0;
  double median_s = kUnknown, mean_s = kUnknown, std_s = kUnknown;
  double gflops = kUnknown;         ///< useful FLOPs over the median
  double share_of_peak = kUnknown;  ///< of Machine::peak_gflops
  double intensity = kUnknown;      ///< useful FLOPs for each byte that moves at the least
  double share_of_roof = kUnknown;  ///< of min(peak, intensity * bandwidth)
  double peak_bytes = kUnknown;     ///< most alive at once, beyond inputs and weights
  double workspace_bytes = kUnknown, estimate_bytes = kUnknown;
  double max_error = kUnknown, error_limit = kUnknown;
  double mse = kUnknown, mean_result = kUnknown;
  double speedup = kUnknown;       ///< against the same layer unfused, else the workload's first case
  double memory_saved = kUnknown;  ///< share of the baseline's workspace
  std::vector<std::pair<std::string, double>> counts;  ///< of the simulator

  bool measured() const { return status == status::kMeasured; }
};

/// What one backend takes, found by trying: "yes", which may be followed by a condition, or why not.
struct Capability {
  std::string backend, lesson, device, formula;
  std::vector<std::pair<std::string, std::string>> takes;  ///< "causal mask": "yes"
};

struct Document {
  Machine machine;
  std::vector<std::string> notes;  ///< of peers: versions, or why they did not join
  std::vector<Case> cases;
  std::vector<Capability> capabilities;
};

/// Fills in speedup and memory_saved: against the baseline in the row's own type, "unfused float16", if there is one
/// beside it; else against the layer's baseline, else the workload's first.
void compare_with_baselines(std::vector<Case>& cases, const std::string& baseline = "unfused");

std::string to_json(const Document& document);

/// @throws std::runtime_error saying what was expected
Document from_json(const std::string& text);

/// Reads a file. @throws std::runtime_error naming it
Document read_document(const std::string& path);

/// A header line, then a line for each case.
std::string to_csv(const std::vector<Case>& cases);

}  // namespace workbook::bench
