#include "common/bench/own_method.h"

#include <algorithm>
#include <filesystem>

#include "common/bench/remote.h"

namespace workbook::bench {

namespace {

/// The two series as far as both go: their runs took turns.
std::pair<std::vector<double>, std::vector<double>> together(const Case& a, const Case& b) {
  const std::size_t common = std::min(a.seconds.size(), b.seconds.size());
  const auto first = [&](const Case& c) {
    return std::vector(c.seconds.begin(), c.seconds.begin() + static_cast<std::ptrdiff_t>(common));
  };
  return {first(a), first(b)};
}

/// Whom a case is compared with: its own implementation's unfused attention, and the same backend by others.
bool is_rival(const Case& c, const Case& other) {
  if (&c == &other || !other.measured() || other.workload != c.workload || other.layer != c.layer) return false;
  const bool same_backend = base_name(other) == base_name(c) && other.dtype == c.dtype;
  const bool is_peer = other.impl.empty() && !c.impl.empty();
  return (base_name(other) == "unfused" && other.impl == c.impl) || (same_backend && other.impl != c.impl) || is_peer;
}

}  // namespace

OwnMethod::OwnMethod(std::string plugin, std::string worker) : plugin_(std::move(plugin)), worker_(std::move(worker)) {}
OwnMethod::~OwnMethod() = default;

/// Nothing, if the function has failed.
template <auto F, class... A>
auto OwnMethod::ask(const A&... arguments) {
  using Result = typename Signature<F>::Result;
  const std::string name(name_of<F>);
  std::optional<Result> result;
  if (problems_.contains(name)) return result;
  try {
    if (plugin_.empty()) throw std::runtime_error("is not here: no lesson's method is built");
    if (!session_)
      session_ = std::make_unique<Session>(RunOptions{.plugin = plugin_, .worker = worker_, .limits = {}},
                                           contract_name(method::contract), 1);
    result = remote_of<method::contract, F>(*session_, arguments...);
  } catch (const Stopped& stopped) {
    session_.reset();  // it answers no more
    problems_[name] = stopped.verdict == Verdict::not_started
                          ? "is not written yet"
                          : std::string(spoken(stopped.verdict)) + ": " + stopped.what();
  } catch (const std::exception& thrown) {
    problems_[name] = std::string("threw: ") + thrown.what();
  }
  return result;
}

/// The median becomes the row's.
void OwnMethod::take_interval(Case& c, const method::Interval& found) {
  if (!(found.median > 0 && std::isfinite(found.median))) {
    problems_["median_interval"] = "gave a median of " + std::to_string(found.median) + " s";
    return;
  }
  c.own.low_s = found.low, c.own.high_s = found.high;
  c.gflops *= c.median_s / found.median;
  c.median_s = found.median;
}

void OwnMethod::judge(std::vector<Case>& cases, const Machine& machine) {
  for (Case& c : cases) {
    if (!c.measured() || c.seconds.empty()) continue;
    if (const auto found = ask<method::median_interval>(c.seconds, kConfidence)) take_interval(c, *found);
    if (const auto found = ask<method::find_drift>(c.seconds))
      c.own.drift = found->per_run, c.own.drifts = found->drifts;
    if (const auto found = ask<method::find_outliers>(c.seconds)) c.own.outliers = static_cast<int>(found->size());
    if (is_attention_alone(c))
      if (const auto work = ask<method::useful_work>(c.extents, c.causal ? Mask::causal : Mask::none))
        if (const auto found =
                ask<method::roofline>(*work, c.median_s, 1e9 * machine.peak_gflops, 1e9 * machine.bandwidth_gbs))
          c.own.limit = found->limit;
    for (const Case& other : cases) {
      if (!is_rival(c, other)) continue;
      const auto [theirs, own] = together(other, c);
      if (const auto found = ask<method::compare>(theirs, own, kConfidence))
        c.own.rivals.push_back({other.backend, found->low, found->speedup, found->high, found->outcome});
    }
  }
}

std::vector<int> OwnMethod::order(int cases, int rounds) {
  const auto found = ask<method::order_of_runs>(cases, rounds);
  if (!found) return there_and_back(cases, rounds);
  std::vector<int> sorted = *found, right = there_and_back(cases, rounds);
  std::ranges::sort(sorted), std::ranges::sort(right);
  if (sorted == right) return *found;
  problems_["order_of_runs"] = "does not have every case once in each round";
  return there_and_back(cases, rounds);
}

std::vector<std::string> OwnMethod::problems() const {
  std::vector<std::string> all;
  for (const auto& [name, problem] : problems_) all.push_back(name + " " + problem);
  return all;
}

std::string own_plugin(const std::string& folder, const std::string& impl) {
  const std::string ending = "." + impl + ".bench.so";
  if (std::filesystem::is_directory(folder))
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().filename().string().ends_with(ending)) return entry.path();
  return {};
}

}  // namespace workbook::bench
