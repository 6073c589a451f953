#pragma once
/// Drift and outliers of a series, and what somebody with one idea wrong would find.

#include "series.h"

namespace workbook::attention_benchmark {

/// (x_j - x_i) / (j - i) over all pairs that are at most `reach` apart.
inline Series slopes(const Series& x, std::size_t reach = 1 << 20, bool by_distance = true) {
  Series out;
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = i + 1; j < x.size() && j - i <= reach; ++j)
      out.push_back((x[j] - x[i]) / (by_distance ? static_cast<double>(j - i) : 1));
  return out;
}

inline double least_squares_slope(const Series& x) {
  double above = 0, below = 0;
  const double middle = (static_cast<double>(x.size()) - 1) / 2, average = mean(x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double at = static_cast<double>(i) - middle;
    above += at * (x[i] - average);
    below += at * at;
  }
  return above / below;
}

/// Mann and Kendall's test; what goes wrong is an argument.
struct Trend {
  Series x;
  double towards_zero = 1;
  bool root = true, neighbours_only = false, ties_corrected = false;
  double sign = 1;

  double s() const {
    double sum = 0;
    for (const double slope : slopes(x, neighbours_only ? 1 : 1 << 20)) sum += slope > 0 ? 1 : slope < 0 ? -1 : 0;
    return sign * sum;
  }
  double variance() const {
    const auto n = static_cast<double>(x.size());
    double v = n * (n - 1) * (2 * n + 5);
    for (const double value : x) {
      const auto t = static_cast<double>(std::ranges::count(x, value));
      if (ties_corrected) v -= (t - 1) * (2 * t + 5);
    }
    return v / 18;
  }
  double z() const {
    const double sum = s(), moved = sum > 0 ? sum - towards_zero : sum < 0 ? sum + towards_zero : 0;
    return moved / (root ? std::sqrt(variance()) : variance());
  }
};

/// Checks find_drift(x).
inline void check_drift(const Drift& got, const Series& x) {
  const double middle = median(x), right = median(slopes(x)) / middle;
  const auto by = [=](auto slope) { return [=] { return slope() / middle; }; };
  check_field(
      "per_run", got.per_run,
      matches(right, in_double())
          .but_not([=] { return -right; }, "the sign is turned around: a series that grows has a positive slope")
          .but_not([=] { return right * middle; },
                   "this is in seconds: per_run is the share of the median, 0.01 for one percent each run")
          .but_not([=] { return right * middle / mean(x); }, "the slope was divided by the mean, not by the median")
          .but_not([=] { return right * middle / x.front(); }, "the slope was divided by the first run")
          .but_not([=] { return 100 * right; }, "this is in percent: one percent is 0.01")
          .but_not(by([=] { return least_squares_slope(x); }),
                   "this is the slope of least squares: one slow run near an end turns it. The median of the slopes of "
                   "all pairs does not move for a few of them")
          .but_not(by([=] { return (x.back() - x.front()) / (static_cast<double>(x.size()) - 1); }),
                   "this is the slope from the first run to the last: two runs decide, and both are as noisy as any. "
                   "Take the median of the slopes of all pairs")
          .but_not(by([=] { return median(slopes(x, 1)); }),
                   "only neighbours were taken for pairs: all i < j are pairs, and distant ones see the drift best")
          .but_not(by([=] { return median(slopes(x, 1 << 20, false)); }),
                   "the differences were not divided by j - i: a slope is a difference for each run")
          .but_not(by([=] { return mean(slopes(x)); }),
                   "this is the mean of the slopes: one slow run is in many pairs. Take their median")
          .but_not(by([=] {
                     const Series s = sorted(slopes(x));
                     return s[s.size() / 2];
                   }),
                   "this is the upper of the two slopes in the middle: the median of an even number is their mean"));
  const Trend trend{.x = x};
  const auto with = changes_of(trend, &Trend::z);
  check_field(
      "z", got.z,
      matches(trend.z(), in_double())
          .but_not(with([](Trend& t) { t.sign = -1; }), "the sign is turned around: S counts a pair that rises as +1")
          .but_not(with([](Trend& t) { t.towards_zero = 0; }),
                   "S was not moved by 1 towards 0: it is a whole number, and the normal curve is smooth")
          .but_not(with([](Trend& t) { t.towards_zero = -1; }),
                   "S was moved by 1 away from 0: it moves towards 0, which makes z smaller")
          .but_not(with([](Trend& t) { t.root = false; }),
                   "S was divided by its variance: z counts standard deviations, so take the root")
          .but_not(with([](Trend& t) { t.ties_corrected = true; }),
                   "the variance was made smaller for ties: here it is n (n - 1) (2n + 5) / 18")
          .but_not(with([](Trend& t) { t.neighbours_only = true; }),
                   "only neighbours were compared: all i < j are pairs")
          .but_not([=] { return trend.s(); }, "this is S: divide it by its standard deviation")
          .but_if([=](const Tensor64& z) { return trend.s() < 0 && std::abs(z.at(0)) != 0 && z.at(0) > trend.z(); },
                  "the series becomes faster, and z is larger than it should be. S moves towards 0 by 1: "
                  "up if it is negative"));
  const bool drifts = std::abs(trend.z()) > kZOfDrift;
  CHECK_THAT(got.drifts == drifts,
             otherwise(std::string("drifts is ") + (got.drifts ? "true" : "false") + ", and z is " + show(trend.z()) +
                       ": a drift is |z| > 1.96, whichever way it goes"));
}

using Indices = std::vector<std::int64_t>;

inline Indices indices_if(const Series& x, auto is_outlier) {
  Indices out;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (is_outlier(x[i])) out.push_back(static_cast<std::int64_t>(i));
  return out;
}

/// Median of the distances from `middle`.
inline double mad(const Series& x, double middle) {
  Series distances;
  for (const double value : x) distances.push_back(std::abs(value - middle));
  return median(distances);
}

inline Indices outliers(const Series& x, double factor = 3.5 * 1.4826) {
  const double middle = median(x), limit = factor * mad(x, middle);
  return indices_if(x, [=](double value) { return std::abs(value - middle) > limit; });
}

inline constexpr const char* kBySigma =
    "the distances are in standard deviations: outliers make that large, and hide behind it. The MAD hardly moves for "
    "them";

/// Matches find_outliers(x).
inline Matches are_outliers(const Series& x) {
  const double middle = median(x), limit = 3.5 * 1.4826 * mad(x, middle);
  const auto further = [=](double centre, double distance) {
    return [=] { return indices_if(x, [=](double value) { return std::abs(value - centre) > distance; }); };
  };
  return matches(outliers(x), counted())
      .but_not(
          further(middle, 3.5 * mad(x, middle)),
          "the MAD was not multiplied by 1.4826: it is smaller than a standard deviation, and so too many runs are "
          "called outliers")
      .but_not([=] { return indices_if(x, [=](double value) { return value - middle > limit; }); },
               "only slow runs were found: a run that is much too fast is as suspicious, since it may have done less")
      .but_not(further(middle, 3.5 * standard_deviation(x)), kBySigma)
      .but_not(further(mean(x), 3.5 * standard_deviation(x)), kBySigma)
      .but_not(further(mean(x), 3 * standard_deviation(x)), kBySigma)
      .but_not(further(mean(x), 3.5 * 1.4826 * mad(x, mean(x))), "the distances are from the mean: take the median")
      .but_not(further(middle, 3.5 * 0.6745 * mad(x, middle)),
               "the MAD was multiplied by 0.6745: it is divided by that, or multiplied by 1.4826")
      .but_not([=] { return indices_if(sorted(x), [=](double v) { return std::abs(v - middle) > limit; }); },
               "these are places in the sorted series: an index is a place in the series as it was measured")
      .but_not([=] { return mad(x, middle) == 0 ? Indices{} : outliers(x); },
               "nothing was found where the MAD is 0: then most runs are equal, and each of the others is an outlier")
      .but_not([=] { return indices_if(x, [=](double value) { return std::abs(value - middle) >= limit; }); },
               "runs at the limit itself were taken: an outlier is further away than the limit");
}

}  // namespace workbook::attention_benchmark
