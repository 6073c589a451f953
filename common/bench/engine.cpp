#include "common/bench/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "common/bench/cost.h"
#include "common/bench/group.h"
#include "common/bench/inputs.h"
#include "common/bench/judge.h"
#include "common/bench/reference.h"
#include "common/bench/statistics.h"

namespace workbook::bench {

namespace {

using Clock = std::chrono::steady_clock;

/// A source whose bursts are those of the device. Null: no origin has any.
std::unique_ptr<Source> open_gauge(const Options& options) {
  for (const Origin& origin : options.origins) {
    auto source = origin.open({.cpu_seconds = 24 * 3600});
    if (source->rate(Ceiling::arithmetic, options.threads).value_or(0) <= 0) continue;
    if (std::ranges::count(source->backends(), options.device, &Backend::device) > 0) return source;
  }
  return nullptr;
}

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
  bool attempt(Running& running, const std::function<void()>& call);
  void announce(const Group& group, const std::string& what);
  Source& source(const Group& group, const Running& running);
  Limits limits_for(const Running& running) const;
  Sample measured(const Group& group, const Running& running, Ceiling ceiling);
  double burst(Ceiling ceiling);

  const Options& options_;
  const std::vector<Offer>& offers_;
  Ceilings& ceilings_;
  const Progress& progress_;
  const Stop& stop_;
  Clock::time_point start_ = Clock::now();

  std::vector<Group> groups_;
  struct Opened {
    std::unique_ptr<Source> source;
    const Group* prepared = nullptr;  // whose inputs it holds
  };
  std::map<std::size_t, Opened> sources_;  // on a CPU: of the present group
  std::unique_ptr<Source> gauge_;          // has bursts for sources that have none
  std::vector<Tensor64> expected_, baseline_;
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
  const bool with_projections = !attention_layer::weights_of(group.config.projections).empty();
  const std::string key = group.workload.name + (with_projections ? "" : group.layer.name);
  if (baseline_of_ == key) return;
  baseline_of_ = key;
  // The same weights through softmax attention; without projections, the same q, k and v.
  const Config config = with_projections ? config_of(group.workload, layer_named("multi-head"), 1) : group.config;
  const std::string& layer = group.layer.name;
  const bool is_baseline = with_projections ? layer == "multi-head" || layer == "self-attention"
                                            : layer != "linear" && layer != "softmax-feature";
  baseline_ = is_baseline ? expected_ : reference(config, Formula::softmax);
}

/// A worker on a device serves all groups, since it takes a second to start. It spins while the device works, so that
/// only the clock can tell that a call hangs.
Limits Engine::limits_for(const Running& running) const {
  const bool on_cpu = running.row.device == "cpu";
  double flops = running.flops;
  for (const Group& group : groups_)
    for (const Running& other : group.cases)
      if (!on_cpu) flops = std::max(flops, other.flops);
  const double patience = 60 + 3000 * flops / std::max(ceilings_.best(Ceiling::arithmetic), 1e9);
  return {.memory = static_cast<std::uint64_t>(options_.memory),
          .cpu_seconds = on_cpu ? patience * options_.threads : 24 * 3600,
          .wall_seconds = on_cpu ? 10 * patience : 2 * patience,
          .reply = std::uint64_t{1} << 36};
}

/// The case's worker, with the group's inputs. A worker that a case has ended is started again for the others.
Source& Engine::source(const Group& group, const Running& running) {
  Opened& opened = sources_[running.offer.origin];
  if (!opened.source) opened = {options_.origins[running.offer.origin].open(limits_for(running))};
  if (opened.prepared != &group) {
    opened.prepared = nullptr;
    opened.source->prepare(group.config);
    opened.prepared = &group;
  }
  return *opened.source;
}

double Engine::burst(Ceiling ceiling) {
  if (!gauge_) gauge_ = open_gauge(options_);
  return gauge_ ? gauge_->rate(ceiling, options_.threads).value_or(0) : 0;
}

Sample Engine::measured(const Group& group, const Running& running, Ceiling ceiling) {
  Source& from = source(group, running);
  const Backend& backend = running.offer.backend;
  if (from.has_bursts(backend)) return from.measure(backend, ceiling);
  const double before = burst(ceiling);
  Sample sample = from.measure(backend, ceiling);
  sample.before = before, sample.after = burst(ceiling);
  return sample;
}

/// Runs `call`. If it throws, the case is over and its row says why. @returns whether it did not
bool Engine::attempt(Running& running, const std::function<void()>& call) {
  try {
    call();
    return true;
  } catch (const Stopped& stopped) {
    const bool begun = stopped.verdict != Verdict::not_started;
    running.row.status = begun ? status::kFailed : status::kNotStarted;
    running.row.problem = (begun ? std::string(spoken(stopped.verdict)) + ": " : "") + stopped.what();
    sources_.erase(running.offer.origin);
  } catch (const std::exception& thrown) {
    running.row.status = status::kFailed, running.row.problem = std::string("threw: ") + thrown.what();
    // On a device an error that is no refusal may have left the process's context unusable.
    if (running.row.device != "cpu" && !dynamic_cast<const std::domain_error*>(&thrown))
      sources_.erase(running.offer.origin);
  }
  running.row.verified = false;
  running.calls_left = 0;
  return false;
}

void Engine::verify(Group& group) {
  for (Running& running : group.cases) {
    if (stop_()) return;
    if (running.row.status == status::kDoesNotFit) continue;
    announce(group, "verifying " + running.row.backend);
    --running.calls_left;
    attempt(running, [&] {
      judge(group, running, source(group, running).forward(running.offer.backend), expected_, baseline_.front());
    });
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
      attempt(running, [&] { measured(group, running, bound(running, ceilings_)); });
    }
}

std::optional<Sample> Engine::sample(const Group& group, Running& running, Ceiling ceiling) {
  announce(group, "timing " + running.row.backend);
  running.calls_left = std::max(0, running.calls_left - 1);
  std::optional<Sample> sample;
  attempt(running, [&] { sample = measured(group, running, ceiling); });
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
                       .brackets = Brackets(options_.num_runs, options_.tries)});
  }
  interleave(timings, ceilings_, stop_, options_.order);
  for (std::size_t i = 0; i < timed.size(); ++i) {
    Case& row = timed[i]->row;
    timed[i]->calls_left = 0;
    const double best = ceilings_.best(timings[i].ceiling);
    const std::vector<double> seconds = timings[i].brackets.seconds(best);
    if (seconds.empty() || !row.verified) continue;
    row.status = status::kMeasured;
    row.runs = static_cast<int>(seconds.size()), row.tries = timings[i].brackets.tries();
    row.noisy = timings[i].brackets.noisy(best);
    row.median_s = median(seconds), row.mean_s = mean(seconds), row.std_s = standard_deviation(seconds);
    row.gflops = 1e-9 * timed[i]->flops / row.median_s;
    if (options_.keep_series) row.seconds = timings[i].brackets.all_seconds();
  }
}

void Engine::measure(Group& group) {
  announce(group, "reference in double");
  if (refuse(group)) find_reference(group);
  group.reference_s = 0;
  verify(group);
  warm_up(group);
  time(group);
  if (options_.device == "cpu") sources_.clear();
}

std::vector<Case> Engine::run() {
  groups_ = make_groups(options_, offers_);
  for (Group& group : groups_)
    if (!stop_()) is_here(options_.device) ? measure(group) : simulate(group);
  std::vector<Case> rows;
  for (const Group& group : groups_)
    for (const Running& running : group.cases) rows.push_back(running.row);
  compare_with_baselines(rows, options_.baseline);
  return rows;
}

}  // namespace

Ceilings measure_ceilings(const Options& options) {
  Ceilings ceilings;
  if (!is_here(options.device)) return ceilings;
  try {
    const auto source = open_gauge(options);
    for (int i = 0; source && i < 10; ++i)
      for (const Ceiling ceiling : {Ceiling::arithmetic, Ceiling::bandwidth})
        if (const auto rate = source->rate(ceiling, options.threads)) ceilings.note(ceiling, *rate);
  } catch (const std::exception& problem) {  // the rows are then noisy, and say what is wrong with the device
    fmt::print(stderr, "bench: the ceilings could not be measured: {}\n", problem.what());
  }
  return ceilings;
}

std::vector<Case> run_benchmark(const Options& options, const std::vector<Offer>& offers, Ceilings& ceilings,
                                const Progress& progress, const Stop& stop) {
  check_reference();
  return Engine(options, offers, ceilings, progress, stop).run();
}

}  // namespace workbook::bench
