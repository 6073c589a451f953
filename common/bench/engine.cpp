#include "common/bench/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "common/bench/cost.h"
#include "common/bench/group.h"
#include "common/bench/reference.h"
#include "common/bench/statistics.h"
#include "common/tensor/compare.h"

namespace workbook::bench {

namespace {

using Clock = std::chrono::steady_clock;

class Engine {
 public:
  Engine(const Options& options, const std::vector<Offer>& offers, Ceilings& ceilings, const Progress& progress,
         const Stop& stop)
      : options_(options), offers_(offers), ceilings_(ceilings), progress_(progress), stop_(stop) {}

  std::vector<Case> run();

 private:
  void measure(Group& group);
  bool refuse(Group& group);
  void simulate(Group& group);
  void find_reference(const Group& group);
  void verify(Group& group);
  void warm_up(Group& group);
  void time(Group& group);
  std::optional<Sample> sample(const Group& group, Running& running, Ceiling ceiling);
  void check(const Group& group, Running& running, const Observed& seen);
  bool attempt(Running& running, const std::function<void()>& call);
  void announce(const Group& group, const std::string& what);
  Source& source(const Group& group, const Running& running);

  const Options& options_;
  const std::vector<Offer>& offers_;
  Ceilings& ceilings_;
  const Progress& progress_;
  const Stop& stop_;
  Clock::time_point start_ = Clock::now();

  std::vector<Group> groups_;
  std::map<std::size_t, std::unique_ptr<Source>> sources_;  // of the present group
  Tensor64 expected_, baseline_;
  std::string baseline_of_;  // the workload
};

void Engine::announce(const Group& group, const std::string& what) {
  double left = 0;
  for (const Group& other : groups_) {
    left += other.reference_s;
    for (const Running& running : other.cases) left += running.calls_left * running.guess_s;
  }
  const double done = std::chrono::duration<double>(Clock::now() - start_).count();
  progress_({group.workload.name + ", " + group.layer.name + ": " + what, done, left});
}

/// Rows of cases that cannot fit say so. @returns whether any is left
bool Engine::refuse(Group& group) {
  for (Running& running : group.cases) {
    const std::int64_t needed = case_estimate(running.offer, offers_, group.workload, group.layer, options_.threads);
    if (needed <= options_.memory) continue;
    running.calls_left = 0;
    running.row.status = status::kDoesNotFit;
    running.row.problem = fmt::format("needs {:.1f} GiB, of which {:.1f} are free; a larger --scale takes less",
                                      std::ldexp(needed, -30), std::ldexp(options_.memory, -30));
  }
  return std::ranges::any_of(group.cases, [](const Running& r) { return r.row.status != status::kDoesNotFit; });
}

/// Without the device, rows have the simulator's counts.
void Engine::simulate(Group& group) {
  for (Running& running : group.cases) {
    if (stop_()) return;
    announce(group, "simulating " + running.row.backend);
    attempt(running, [&] {
      const auto source = options_.origins[running.offer.origin].open({.cpu_seconds = 60});
      running.row.status = status::kNotMeasurable;
      running.row.problem = "there is no GPU";
      try {
        running.row.counts = source->simulate(running.offer.backend);
      } catch (const std::domain_error& thrown) {
        running.row.problem += std::string("; ") + thrown.what();
      }
      running.calls_left = 0;
    });
  }
}

void Engine::find_reference(const Group& group) {
  expected_ = reference(group.config, group.layer.formula);
  const bool with_projections = group.workload.projections;
  const std::string key = group.workload.name + (with_projections ? "" : group.layer.name);
  if (baseline_of_ == key) return;
  baseline_of_ = key;
  // The same weights through softmax attention; without projections, the same q, k and v.
  Config config = with_projections ? config_of(group.workload, layer_named("multi-head"), 1) : group.config;
  const bool is_baseline =
      group.layer.formula == Formula::softmax &&
      (!with_projections || group.layer.name == "multi-head" || group.layer.name == "self-attention");
  baseline_ = is_baseline ? expected_ : reference(config, Formula::softmax);
}

/// The case's worker, with the group's inputs. A worker that a case has ended is started again for the others.
Source& Engine::source(const Group& group, const Running& running) {
  auto& source = sources_[running.offer.origin];
  if (!source) {
    const double patience = 60 + 3000 * running.flops / std::max(ceilings_.best(Ceiling::arithmetic), 1e9);
    source = options_.origins[running.offer.origin].open({.memory = static_cast<std::uint64_t>(options_.memory),
                                                          .cpu_seconds = patience * options_.threads,
                                                          .wall_seconds = 10 * patience,
                                                          .reply = std::uint64_t{1} << 36});
    source->prepare(group.config);
  }
  return *source;
}

/// Runs `call`. If it throws, the case is over and its row says why. @returns whether it did not
bool Engine::attempt(Running& running, const std::function<void()>& call) {
  try {
    call();
    return true;
  } catch (const Stopped& stopped) {
    running.row.problem = std::string(spoken(stopped.verdict)) + ": " + stopped.what();
    sources_.erase(running.offer.origin);
  } catch (const std::exception& thrown) {
    running.row.problem = std::string("threw: ") + thrown.what();
  }
  running.row.status = status::kFailed;
  running.row.verified = false;
  running.calls_left = 0;
  return false;
}

void Engine::check(const Group& group, Running& running, const Observed& seen) {
  Case& row = running.row;
  row.error_limit = error_limit(group.config, expected_);
  const Tolerance tolerance{row.error_limit, 0, "rounding of float"};
  const Comparison found = compare(to_double(seen.result), expected_, tolerance);
  row.verified = found.ok();
  row.max_error = found.worst_error;
  if (row.device != "cpu") {  // what the worker measures is its own memory, not the device's
    row.peak_bytes = row.estimate_bytes;
    row.workspace_bytes = row.estimate_bytes - 4.0 * static_cast<double>(seen.result.size());
  } else if (seen.metered) {
    const Evidence& e = seen.evidence;
    row.peak_bytes = static_cast<double>(e.heap_peak + e.stack + e.static_data);
    row.workspace_bytes = static_cast<double>(e.workspace());
  }
  if (!row.verified) {
    row.status = status::kWrong;
    row.problem = explain(found, tolerance);
    running.calls_left = 0;
    return;
  }
  double squares = 0, sum = 0;
  const bool comparable = group.layer.name != "latent" && group.layer.name != "cross-attention";
  for (std::int64_t i = 0; i < seen.result.size(); ++i) {
    sum += seen.result.data()[i];
    if (!comparable) continue;
    const double difference = double{seen.result.data()[i]} - baseline_.data()[i];
    squares += difference * difference;
  }
  const auto size = static_cast<double>(seen.result.size());
  row.mean_result = sum / size;
  if (comparable) row.mse = squares / size;  // latent and cross-attention have other weights or inputs
  running.moved = compulsory_bytes(group.config) + (known(row.workspace_bytes) ? 2 * row.workspace_bytes : 0);
  row.intensity = running.flops / running.moved;
  running.guess_s = seen.seconds;
}

void Engine::verify(Group& group) {
  for (Running& running : group.cases) {
    if (stop_()) return;
    if (running.row.status == status::kDoesNotFit) continue;
    announce(group, "verifying " + running.row.backend);
    --running.calls_left;
    attempt(running, [&] { check(group, running, source(group, running).forward(running.offer.backend)); });
  }
}

/// What can bound a case: reading, if its bytes fit no cache and take longer than its arithmetic at the measured rates.
Ceiling bound(const Running& running, const Ceilings& ceilings) {
  constexpr double kCaches = 64 << 20;
  const double ridge = ceilings.best(Ceiling::arithmetic) / std::max(ceilings.best(Ceiling::bandwidth), 1.0);
  return running.moved > kCaches && running.row.intensity < ridge ? Ceiling::bandwidth : Ceiling::arithmetic;
}

void Engine::warm_up(Group& group) {
  for (int round = 0; round < options_.warmup; ++round)
    for (Running& running : group.cases) {
      if (!running.row.verified || stop_()) continue;
      announce(group, "warming up " + running.row.backend);
      --running.calls_left;
      attempt(running, [&] { source(group, running).measure(running.offer.backend, bound(running, ceilings_)); });
    }
}

std::optional<Sample> Engine::sample(const Group& group, Running& running, Ceiling ceiling) {
  announce(group, "timing " + running.row.backend);
  running.calls_left = std::max(0, running.calls_left - 1);
  std::optional<Sample> sample;
  attempt(running, [&] { sample = source(group, running).measure(running.offer.backend, ceiling); });
  return sample;
}

void Engine::time(Group& group) {
  std::vector<Timing> timings;
  std::vector<Running*> timed;
  for (Running& running : group.cases) {
    if (!running.row.verified) continue;
    timed.push_back(&running);
    const Ceiling ceiling = bound(running, ceilings_);
    timings.push_back({.ceiling = ceiling,
                       .run = [this, &group, &running, ceiling] { return sample(group, running, ceiling); },
                       .brackets = Brackets(options_.num_runs)});
  }
  interleave(timings, ceilings_, stop_);
  for (std::size_t i = 0; i < timed.size(); ++i) {
    Case& row = timed[i]->row;
    timed[i]->calls_left = 0;
    const double best = ceilings_.best(timings[i].ceiling);
    const std::vector<double> seconds = timings[i].brackets.seconds(best);
    if (seconds.empty() || row.status == status::kFailed) continue;
    row.status = status::kMeasured;
    row.runs = static_cast<int>(seconds.size());
    row.tries = timings[i].brackets.tries();
    row.noisy = timings[i].brackets.noisy(best);
    row.median_s = median(seconds), row.mean_s = mean(seconds), row.std_s = standard_deviation(seconds);
    row.gflops = 1e-9 * timed[i]->flops / row.median_s;
  }
}

void Engine::measure(Group& group) {
  announce(group, "reference in double");
  const bool some_fit = refuse(group);
  if (some_fit) find_reference(group);
  group.reference_s = 0;
  verify(group);
  warm_up(group);
  time(group);
  sources_.clear();
}

std::vector<Case> Engine::run() {
  groups_ = make_groups(options_, offers_);
  for (Group& group : groups_)
    if (!stop_()) is_here(options_.device) ? measure(group) : simulate(group);
  std::vector<Case> rows;
  for (const Group& group : groups_)
    for (const Running& running : group.cases) rows.push_back(running.row);
  compare_with_baselines(rows);
  return rows;
}

}  // namespace

Ceilings measure_ceilings(const Options& options, const std::vector<Offer>& offers) {
  Ceilings ceilings;
  if (!is_here(options.device)) return ceilings;
  for (const Offer& offer : offers) {
    const auto source = options.origins[offer.origin].open({});
    for (int i = 0; i < 10; ++i)
      for (const Ceiling ceiling : {Ceiling::arithmetic, Ceiling::bandwidth})
        if (const auto rate = source->rate(ceiling, options.threads)) ceilings.note(ceiling, *rate);
    if (ceilings.best(Ceiling::arithmetic) > 0) break;
  }
  return ceilings;
}

std::vector<Case> run_benchmark(const Options& options, const std::vector<Offer>& offers, Ceilings& ceilings,
                                const Progress& progress, const Stop& stop) {
  check_reference();
  return Engine(options, offers, ceilings, progress, stop).run();
}

}  // namespace workbook::bench
