#pragma once
/// Prices fitted in the most readable way, wrong ways of fitting them, and rows to fit them to.

#include <fmt/format.h>

#include "costs.h"
#include "recorded.h"

namespace workbook::backend_selection {

using Rows = std::vector<Measurement>;
using Prices = std::array<double, 4>;

inline Prices prices_of(const Constants& c) { return {c.per_flop, c.per_exponential, c.per_byte, c.per_launch}; }
inline Constants constants_of(const Prices& x) { return {x[0], x[1], x[2], x[3]}; }
inline Prices counts_of(const Work& w) {
  return {double(w.flops), double(w.exponentials), double(w.bytes), double(w.launches)};
}
/// Seconds for 10^9 FLOPs, 10^6 exponentials, 10^8 bytes and 1000 launches: numbers that can be compared.
inline std::vector<double> in_typical_units(const Constants& c) {
  return {c.per_flop * 1e9, c.per_exponential * 1e6, c.per_byte * 1e8, c.per_launch * 1e3};
}

inline double relative_error(const Measurement& m, const Constants& c) {
  return estimate_time(m.work, c) / m.seconds - 1;
}

/// How prices are fitted; what goes wrong is a field.
struct Fitting {
  bool relative = true;  ///< errors divided by the row's time
  enum { best_of_all_sets, as_they_come, cut_off } negative = best_of_all_sets;
  bool weighted = true;
};

/// The prices in `set` (a bit for each) with the least sum of squares, by Gauss-Jordan elimination. Nothing if they are
/// not determined.
inline std::optional<Prices> prices_in_set(const Rows& rows, const std::vector<double>& weights, unsigned set,
                                           const Fitting& f) {
  std::array<std::array<long double, 5>, 4> m{};
  const Prices unit{1e-9, 1e-6, 1e-8, 1e-3};
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const Prices counts = counts_of(rows[r].work);
    const double by = f.relative ? rows[r].seconds : 1, right = f.relative ? 1 : rows[r].seconds;
    for (int i = 0; i < 4; ++i) {
      for (int j = 0; j < 4; ++j) m[i][j] += weights[r] * counts[i] * unit[i] / by * counts[j] * unit[j] / by;
      m[i][4] += weights[r] * counts[i] * unit[i] / by * right;
    }
  }
  for (int i = 0; i < 4; ++i)
    if (!(set >> i & 1)) {
      for (int k = 0; k < 5; ++k) m[i][k] = 0;
      for (int k = 0; k < 4; ++k) m[k][i] = 0;
      m[i][i] = 1;  // 1 * price = 0
    }
  for (int i = 0; i < 4; ++i) {  // the matrix is positive definite: any order of pivots will do
    const long double pivot = m[i][i];
    if (!(pivot > 1e-13)) return std::nullopt;
    for (auto& x : m[i]) x /= pivot;
    for (int row = 0; row < 4; ++row)
      if (const long double factor = m[row][i]; row != i)
        for (int k = 0; k < 5; ++k) m[row][k] -= factor * m[i][k];
  }
  Prices x{};
  for (int i = 0; i < 4; ++i) x[i] = double(m[i][4]) * unit[i];
  return x;
}

inline double sum_of_squares(const Rows& rows, const std::vector<double>& weights, const Constants& c) {
  double sum = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) sum += weights[r] * std::pow(relative_error(rows[r], c), 2);
  return sum;
}

inline Constants fitted(const Rows& rows, std::vector<double> weights, const Fitting& f = {}) {
  if (!f.weighted) weights.assign(rows.size(), 1);
  if (f.negative != Fitting::best_of_all_sets) {
    Prices x = prices_in_set(rows, weights, 15, f).value_or(Prices{});
    if (f.negative == Fitting::cut_off)
      for (double& price : x) price = std::max(price, 0.0);
    return constants_of(x);
  }
  Constants best;
  double least = std::numeric_limits<double>::infinity();
  for (unsigned set = 1; set < 16; ++set) {
    const auto x = prices_in_set(rows, weights, set, f);
    if (!x || *std::ranges::min_element(*x) < 0) continue;
    double sum = sum_of_squares(rows, weights, constants_of(*x));
    if (!f.relative) {
      sum = 0;
      for (const auto& [work, seconds] : rows) sum += std::pow(estimate_time(work, constants_of(*x)) - seconds, 2);
    }
    if (sum < least) least = sum, best = constants_of(*x);
  }
  return best;
}

inline std::vector<double> ones(const Rows& rows) { return std::vector<double>(rows.size(), 1); }

/// Huber's fit, by weights that follow from the errors. `bend` is kHuber; `rounds` how often.
inline Constants fitted_robustly(const Rows& rows, double bend = kHuber, int rounds = 300, const Fitting& f = {}) {
  std::vector<double> weights = ones(rows);
  Constants c = fitted(rows, weights, f);
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t r = 0; r < rows.size(); ++r)
      weights[r] = std::min(1.0, bend / std::max(1e-300, std::abs(relative_error(rows[r], c))));
    c = fitted(rows, weights, f);
  }
  return c;
}

inline constexpr const char* kUnits = "seconds for 1e9 FLOPs, 1e6 exponentials, 1e8 bytes, 1e3 launches";

/// A matcher of prices that knows, after its own suspicions, how prices are fitted wrongly.
inline Matches prices(const Rows& rows, const std::vector<double>& weights, Matches right) {
  const auto with = [=](Fitting f) { return [=] { return in_typical_units(fitted(rows, weights, f)); }; };
  const char* const seconds =
      "the errors were squared in seconds, so the longest rows decide alone: divide each row by its time";
  return std::move(right)
      .but_not(with({.relative = false}), seconds)
      .but_not(with({.relative = false, .negative = Fitting::as_they_come}), seconds)
      .but_not(with({.negative = Fitting::as_they_come}),
               "a price is negative: more work would take less time. Fit again without it, at 0")
      .but_not(with({.negative = Fitting::cut_off}),
               "a negative price was cut off to 0, and the others are still those that were fitted beside it: fit them "
               "again without it")
      .but_not(with({.weighted = false}), "the weights play no part: each square is multiplied by its row's weight");
}

inline Matches has_prices(const Rows& rows, const std::vector<double>& weights, const Constants& right) {
  return prices(rows, weights, matches(in_typical_units(right), {1e-9, 1e-6, kUnits}));
}

/// Rows of which each is about something else, as long as 10 us to 10 s, exact for `prices`, or off by `noise` of it.
inline Rows made_up_rows(int count, const Constants& c, double noise = 0) {
  const auto between = [](double low, double high) {
    const double t = double(random_integer(0, 1'000'000)) / 1e6;
    return low * std::pow(high / low, t);
  };
  Rows rows;
  for (int r = 0; r < count; ++r) {
    const double size = between(1, 1e6);
    const auto some = [&](double typical) { return static_cast<std::int64_t>(typical * size * between(0.03, 3)); };
    Measurement m{{some(1e6), some(1e3), some(1e5), some(2)}, 0};
    m.seconds = estimate_time(m.work, c) * (1 + noise * std::log(between(std::exp(-1), std::exp(1))));
    rows.push_back(m);
  }
  return rows;
}

/// Recorded rows of one backend.
inline const std::vector<Candidate>& recorded_backends() {
  static const std::vector<Candidate> all{
      {{.name = "unfused", .algorithm = Algorithm::unfused}, {}},
      {{.name = "per-head", .algorithm = Algorithm::per_head}, {}},
      {{.name = "fused", .algorithm = Algorithm::fused}, {}},
      {{.name = "flash", .algorithm = Algorithm::flash, .q_tile = 64, .kv_tile = 256}, {}},
      {{.name = "vectorized", .algorithm = Algorithm::flash, .q_tile = 64, .kv_tile = 96}, {}}};
  return all;
}

inline Rows recorded_rows(const Backend& b) {
  Rows rows;
  for (const Recorded& r : kRecorded)
    if (r.backend == b.name) rows.push_back({counted(b, r.problem), r.seconds});
  return rows;
}

}  // namespace workbook::backend_selection
