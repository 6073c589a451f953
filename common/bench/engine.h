#pragma once
/// Runs a benchmark: plans the cases, verifies each against the double reference, times those that are right.

#include "common/bench/bracket.h"
#include "common/bench/document.h"
#include "common/bench/source.h"

namespace workbook::bench {

struct Options {
  std::vector<Workload> workloads;
  std::vector<std::string> layers, backends;  ///< those that are wanted; empty: all
  std::vector<Origin> origins;
  std::string lesson;                 ///< "08_fused_vs_flash": only this, beside the yardstick; empty: all
  std::string baseline = "unfused";   ///< the row that speedups are against
  std::string device = "cpu", dtype;  ///< no type: backends of all of them
  int num_runs = 5, warmup = 1, threads = 1;
  std::int64_t memory = 0;   ///< bytes that all processes together may take
  int tries = kTries;        ///< for each run, until it is quiet
  bool keep_series = false;  ///< cases keep the seconds of all their runs
  Order order = there_and_back;
};

/// The backend of kYardstickLesson that stands beside those of one lesson.
inline constexpr const char* kYardstick = "flash";
inline constexpr const char* kYardstickLesson = "08_fused_vs_flash";

/// What happens, how many seconds of work are done, and how many are left by the present estimate.
struct Step {
  std::string what;
  double done_s = 0, left_s = 0;
};
using Progress = std::function<void(const Step&)>;
using Stop = std::function<bool()>;

/// A backend and where it comes from.
struct Offer {
  std::size_t origin;
  Backend backend;
  std::shared_ptr<Source> planner;  ///< asked for promises; runs nothing
};

/// What its rows call the backend: "flash", "vectorized bfloat16". A name that ends in the type is left as it is. If
/// the run has implementations of several people, "flash (mine)".
std::string row_name(const Options& options, const Offer& offer);

/// All that the origins offer for options.device and options.dtype. `remarks` gets what there is to say of peers: their
/// version, or why they do not join.
/// @throws std::invalid_argument naming what there is, if a wanted type, backend or layer is not there or nothing would
/// run
std::vector<Offer> find_offers(const Options& options, std::vector<std::string>* remarks = nullptr);

/// Whether the backend computes this layer of the workload.
bool computes(const Offer& offer, const Workload& workload, const Layer& layer);

/// Bytes that all processes together take while this offer's case of a layer runs, at their fullest. The other offers'
/// workers hold the same inputs.
std::int64_t case_estimate(const Offer& offer, const std::vector<Offer>& offers, const Workload& workload,
                           const Layer& layer, int threads);

/// Each workload with the smallest power of two as its scale that makes every layer fit options.memory; one that
/// cannot be scaled so is left as it is, and its rows will be refused.
void fit_to_memory(Options& options, const std::vector<Offer>& offers);

/// What the device can do at its best, from bursts of the first origin that has any there.
Ceilings measure_ceilings(const Options& options);

/// Measures. Stops early, with what there is, once `stop` says so; a case that cannot be measured is a row that says
/// why. The best bursts stay in `ceilings`.
std::vector<Case> run_benchmark(const Options& options, const std::vector<Offer>& offers, Ceilings& ceilings,
                                const Progress& progress, const Stop& stop);

/// Fills in what follows from the measured ceilings: shares of peak and of the roof.
void compare_with_ceilings(std::vector<Case>& cases, Machine& machine, const Ceilings& ceilings);

/// Whether this machine has the device.
bool is_here(const std::string& device);

/// Largest error that a right tensor of the result may have. The error of float against double grows with the root of
/// the longest sum, times the size of the result. A backend of a 16-bit type rounds its inputs, its weights and its
/// result to that type, each once, and adds up in float32: these errors do not grow with the length.
double error_limit(const Config& config, const Tensor64& expected, const std::string& dtype = "float32");

}  // namespace workbook::bench
