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
inline constexpr const char* kNotStarted = "not started";             ///< the implementation is a stub
inline constexpr const char* kFailed = "failed";                      ///< crashed, out of memory, threw
inline constexpr const char* kDoesNotFit = "does not fit";            ///< refused by the estimate
inline constexpr const char* kNotMeasurable = "not measurable here";  ///< needs a device that is not there
inline constexpr const char* kNotReached = "not reached";             ///< Ctrl-C came first
}  // namespace status

/// A case beside another one, whose runs took turns with its own.
struct Rival {
  std::string name;  ///< the other row's backend
  double low = kUnknown, speedup = kUnknown, high = kUnknown;
  std::string outcome;  ///< "faster", "slower", "undecided"
};

/// What a method of somebody's own says of a case (own_method.h).
struct Judged {
  double low_s = kUnknown, high_s = kUnknown;  ///< around the row's median, which is then the method's, too
  double drift = kUnknown;                     ///< share of the median, for each run
  bool drifts = false;
  int outliers = 0;
  std::string limit;  ///< "arithmetic", "bandwidth", "neither"
  std::vector<Rival> rivals;
};

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
  double predicted_s = kUnknown;   ///< by a time model that was fitted to the measured cases (own_model.h)
  double speedup = kUnknown;       ///< against the same layer unfused, else the workload's first case
  double memory_saved = kUnknown;  ///< share of the baseline's workspace
  std::vector<std::pair<std::string, double>> counts;  ///< of the simulator
  std::vector<double> seconds;  ///< of all runs, in the order in which they were made; only if Options::own_method
  Judged own;                   ///< only if Options::own_method

  bool measured() const { return status == status::kMeasured; }
};

/// What the row calls its backend, without whose it is: "flash" of "flash (mine)".
std::string base_name(const Case& c);

/// Whether it is softmax attention without projections or gradients.
bool is_attention_alone(const Case& c);

/// A lesson, as the board shows it.
struct BoardLine {
  std::string lesson, title, verdict;
  int points = 0, max_points = 0;
};

/// What one backend takes, found by trying: "yes", which may be followed by a condition, or why not.
struct Capability {
  std::string backend, lesson, device, formula;
  std::vector<std::pair<std::string, std::string>> takes;  ///< "causal mask": "yes"
};

struct Document {
  Machine machine;
  std::string person;              ///< whose code it is, on a page of several people's
  std::vector<std::string> notes;  ///< of peers: versions, or why they did not join
  std::vector<Case> cases;
  std::vector<Capability> capabilities;
  std::vector<std::string> model;  ///< of a time model that was fitted to the cases: what it says, or why there is none
  std::vector<BoardLine> board;    ///< of `bench mine`
};

/// Fills in speedup and memory_saved: against the baseline in the row's own type, "unfused float16", if there is one
/// beside it; else against the layer's baseline, of the row's own implementation if there are several; else against the
/// workload's first.
void compare_with_baselines(std::vector<Case>& cases, const std::string& baseline = "unfused");

std::string to_json(const Document& document);

/// @throws std::runtime_error saying what was expected
Document from_json(const std::string& text);

/// Reads a file. @throws std::runtime_error naming it
Document read_document(const std::string& path);

/// A header line, then a line for each case.
std::string to_csv(const std::vector<Case>& cases);

}  // namespace workbook::bench
