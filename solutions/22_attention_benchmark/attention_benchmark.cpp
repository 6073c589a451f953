#include "attention_benchmark.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

using namespace workbook;
using namespace workbook::attention_benchmark;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is_time(double x) { return std::isfinite(x) && x > 0; }

void check_series(const char* function, const std::vector<double>& seconds) {
  if (seconds.empty())
    throw std::invalid_argument(std::string("[") + function + "] expected at least one run; found none");
  for (std::size_t i = 0; i < seconds.size(); ++i)
    if (!is_time(seconds[i]))
      throw std::invalid_argument(std::string("[") + function + "] expected finite, positive times; found " +
                                  std::to_string(seconds[i]) + " at index " + std::to_string(i));
}

double median_of_sorted(const std::vector<double>& x) {
  const std::size_t n = x.size();
  return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return median_of_sorted(x);
}

/// The largest r with P(X < r) <= tail, where X is the number of heads in n fair tosses.
std::int64_t rank_of(std::int64_t n, double tail) {
  // P(X = k) is below the smallest double for n > 1074, so each is taken from its logarithm.
  const auto count = static_cast<double>(n);
  double log_p = -count * std::log(2.0), below = 0;
  for (std::int64_t r = 0; r < n; ++r) {
    below += std::exp(log_p);
    if (below > tail) return r;
    log_p += std::log((count - static_cast<double>(r)) / static_cast<double>(r + 1));
  }
  return n;
}

/// Queries in `allowed` see keys one by one; keys that nobody sees need not move.
struct Seen {
  std::int64_t pairs = 0, keys = 0;
};

Seen seen_of(const Attention& call, const std::optional<TensorOf<bool>>& allowed) {
  const std::int64_t q_len = call.q_len, kv_len = call.kv_len;
  const bool causal = call.mask == Mask::causal;
  if (!allowed) {
    const std::int64_t n = std::min(q_len, kv_len);  // the last n queries see something; each one key more
    return {causal ? n * (kv_len - n) + n * (n + 1) / 2 : q_len * kv_len, kv_len};
  }
  Seen seen;
  for (std::int64_t j = 0; j < kv_len; ++j) {
    std::int64_t queries = 0;
    for (std::int64_t i = causal ? std::max<std::int64_t>(0, j - (kv_len - q_len)) : 0; i < q_len; ++i)
      queries += allowed->at(i, j);
    seen.pairs += queries;
    seen.keys += queries > 0;
  }
  return seen;
}

void poison(Tensor& output) { std::ranges::fill(output.values(), std::numeric_limits<float>::quiet_NaN()); }

/// Index of the first element that is not right, or -1.
std::int64_t first_bad(const Tensor& got, const Tensor& expected) {
  for (std::int64_t i = 0; i < got.size(); ++i)
    if (!(std::abs(double{got.at(i)} - expected.at(i)) <= kTolerance * (1 + std::abs(double{expected.at(i)}))))
      return i;
  return -1;
}

/// What the output for a set of inputs says of the candidate.
Timed verdict(Candidate& candidate, int set, const Tensor& output) {
  const std::int64_t bad = first_bad(output, candidate.expected(set));
  if (bad < 0) return {};
  return {std::isnan(output.at(bad)) ? Status::unwritten : Status::wrong, bad};
}

Timed check_then_time(Candidate& candidate, int warmup, int runs) {
  Tensor output({candidate.elements()});
  for (const int set : {0, 1}) {
    poison(output);
    candidate.run(set, output);
    Timed found = verdict(candidate, set, output);
    if (found.status == Status::measured) continue;
    if (set == 1 && first_bad(output, candidate.expected(0)) < 0) found.status = Status::cached;
    return found;
  }
  std::vector<double> seconds;
  for (int i = 0; i < warmup + runs; ++i) {
    poison(output);
    if (i < warmup) {
      candidate.run(i % 2, output);
      continue;
    }
    const double start = candidate.now();
    candidate.run(i % 2, output);
    seconds.push_back(candidate.now() - start);
  }
  Timed found = verdict(candidate, (warmup + runs - 1) % 2, output);
  if (found.status == Status::measured) found.seconds = seconds;
  return found;
}

}  // namespace

Work attention_benchmark::useful_work(const Attention& call, const std::optional<TensorOf<bool>>& allowed) {
  const Seen seen = seen_of(call, allowed);
  const std::int64_t batch = call.batch, head_dim = call.head_dim;
  const std::int64_t rows = 2 * std::int64_t{call.heads} * call.q_len + 2 * call.kv_heads * seen.keys;
  return {4 * batch * call.heads * seen.pairs * head_dim, batch * rows * head_dim * call.element_bytes};
}

Interval attention_benchmark::median_interval(const std::vector<double>& seconds, double confidence) {
  check_series("median_interval", seconds);
  if (!(confidence > 0 && confidence < 1))
    throw std::invalid_argument("[median_interval] confidence must be in (0, 1); found " + std::to_string(confidence));
  std::vector<double> sorted = seconds;
  std::sort(sorted.begin(), sorted.end());
  const std::int64_t n = std::ssize(sorted), r = rank_of(n, (1 - confidence) / 2);
  const double middle = median_of_sorted(sorted);
  if (r == 0) return {0, middle, kInfinity};
  return {sorted[static_cast<std::size_t>(r - 1)], middle, sorted[static_cast<std::size_t>(n - r)]};
}

Drift attention_benchmark::find_drift(const std::vector<double>& seconds) {
  check_series("find_drift", seconds);
  const std::size_t n = seconds.size();
  if (n == 1) return {};
  std::vector<double> slopes;
  double s = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j) {
      const double step = seconds[j] - seconds[i];
      slopes.push_back(step / static_cast<double>(j - i));
      s += step > 0 ? 1 : step < 0 ? -1 : 0;
    }
  const auto runs = static_cast<double>(n);
  const double deviation = std::sqrt(runs * (runs - 1) * (2 * runs + 5) / 18);
  const double z = s > 0 ? (s - 1) / deviation : s < 0 ? (s + 1) / deviation : 0;
  return {median(slopes) / median(seconds), z, std::abs(z) > kZOfDrift};
}

std::vector<std::int64_t> attention_benchmark::find_outliers(const std::vector<double>& seconds) {
  check_series("find_outliers", seconds);
  const double middle = median(seconds);
  std::vector<double> distances;
  for (const double x : seconds) distances.push_back(std::abs(x - middle));
  const double limit = kOutlier * kSigmaByMad * median(distances);
  std::vector<std::int64_t> outliers;
  for (std::size_t i = 0; i < distances.size(); ++i)
    if (distances[i] > limit) outliers.push_back(static_cast<std::int64_t>(i));
  return outliers;
}

std::vector<int> attention_benchmark::order_of_runs(int cases, int rounds) {
  if (cases < 1 || rounds < 1 || (rounds % 2 == 1 && cases > 1))
    throw std::invalid_argument("[order_of_runs] expected at least one case and an even number of rounds; found " +
                                std::to_string(cases) + " cases and " + std::to_string(rounds) + " rounds");
  std::vector<int> order;
  for (int round = 0; round < rounds; ++round)
    for (int i = 0; i < cases; ++i) order.push_back(round % 2 == 0 ? i : cases - 1 - i);
  return order;
}

Comparison attention_benchmark::compare(const std::vector<double>& baseline, const std::vector<double>& candidate,
                                        double confidence) {
  if (baseline.size() != candidate.size())
    throw std::invalid_argument("[compare] expected two runs for every round; found " +
                                std::to_string(baseline.size()) + " of the baseline and " +
                                std::to_string(candidate.size()) + " of the candidate");
  check_series("compare", baseline);
  check_series("compare", candidate);
  std::vector<double> ratios;
  for (std::size_t i = 0; i < baseline.size(); ++i) ratios.push_back(baseline[i] / candidate[i]);
  const Interval speedup = median_interval(ratios, confidence);
  Outcome outcome = Outcome::undecided;
  if (speedup.low > 1) outcome = Outcome::faster;
  if (speedup.high < 1) outcome = Outcome::slower;
  return {speedup.low, speedup.median, speedup.high, outcome};
}

Position attention_benchmark::roofline(const Work& work, double seconds, const Machine& machine) {
  if (!is_time(seconds) || !is_time(machine.peak_flops) || !is_time(machine.bandwidth))
    throw std::invalid_argument("[roofline] seconds, peak_flops and bandwidth must be finite and positive; found " +
                                std::to_string(seconds) + ", " + std::to_string(machine.peak_flops) + ", " +
                                std::to_string(machine.bandwidth));
  const auto flops = static_cast<double>(work.flops), bytes = static_cast<double>(work.bytes);
  const double of_flops = flops / machine.peak_flops, of_bytes = bytes / machine.bandwidth;
  const double least = std::max(of_flops, of_bytes);
  Position position{.intensity = flops / bytes,
                    .roof = flops / least,
                    .share_of_roof = least / seconds,
                    .share_of_peak = of_flops / seconds};
  if (position.share_of_roof >= kNearRoof) position.limit = of_flops >= of_bytes ? Limit::arithmetic : Limit::bandwidth;
  return position;
}

Timed attention_benchmark::verify_then_time(Candidate& candidate, int warmup, int runs) {
  if (warmup < 0 || runs < 1)
    throw std::invalid_argument("[verify_then_time] expected warmup >= 0 and runs >= 1; found " +
                                std::to_string(warmup) + " and " + std::to_string(runs));
  try {
    return check_then_time(candidate, warmup, runs);
  } catch (const std::exception&) {
    return {.status = Status::failed};
  }
}
