#pragma once
/// Series of run times, what is to be said of them, and what somebody with one idea wrong would say.

#include <bit>
#include <vector>

#include "common/checker/student.h"
#include "recorded.h"

namespace workbook::attention_benchmark {

using Series = std::vector<double>;

inline constexpr double kNever = std::numeric_limits<double>::infinity();

/// Double arithmetic in any order.
inline Tolerance in_double() { return {0, 1e-9, "rounding of double"}; }

/// CHECK_THAT(got, right) for a field of a result.
inline void check_field(const char* name, double got, const Matches& right) {
  INFO("the value is " + std::string(name));
  CHECK_THAT(got, right);
}

inline Series sorted(Series x) {
  std::ranges::sort(x);
  return x;
}

inline double mean(const Series& x) {
  double sum = 0;
  for (const double value : x) sum += value;
  return sum / static_cast<double>(x.size());
}

inline double median(const Series& x) {
  const Series s = sorted(x);
  return (s[(s.size() - 1) / 2] + s[s.size() / 2]) / 2;
}

/// Of a sample (n - 1).
inline double standard_deviation(const Series& x) {
  const double middle = mean(x);
  double sum = 0;
  for (const double value : x) sum += (value - middle) * (value - middle);
  return std::sqrt(sum / (static_cast<double>(x.size()) - 1));
}

/// Run times as machines give them: nothing is faster than possible, most runs are a little slower, a few are much
/// slower.
inline Series random_series(std::int64_t runs, double fastest = 0.25) {
  Series x;
  const Tensor noise = random_normal({runs, 2});
  for (std::int64_t i = 0; i < runs; ++i)
    x.push_back(fastest * (1 + 0.05 * std::abs(noise.at(i, 0)) + (noise.at(i, 1) > 1.5F ? noise.at(i, 1) : 0)));
  return x;
}

/// P(X < r) for the heads X of n tosses, by looking at all 2^n sequences of tosses. @pre n <= 16
inline double fewer_heads_by_counting(int n, int r) {
  int fewer = 0;
  for (unsigned tosses = 0; tosses < 1U << n; ++tosses) fewer += std::popcount(tosses) < r;
  return fewer / std::exp2(n);
}

/// The same by the formula, for any n.
inline double fewer_heads(int n, int r) {
  double sum = 0;
  for (int k = 0; k < r; ++k)
    sum += std::exp(std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0) - n * std::log(2.0));
  return sum;
}

/// The largest r with P(X < r) <= tail.
inline int rank_of(int n, double tail) {
  if (n <= 12) {
    int r = 0;
    while (r < n && fewer_heads_by_counting(n, r + 1) <= tail) ++r;
    return r;
  }
  int low = 0, high = n;  // P(X < r) grows with r
  while (low < high) {
    const int r = (low + high + 1) / 2;
    if (fewer_heads(n, r) <= tail)
      low = r;
    else
      high = r - 1;
  }
  return low;
}

/// low, median, high.
inline Series interval_of_rank(const Series& x, std::int64_t r, double middle) {
  const Series s = sorted(x);
  const auto n = std::ssize(s);
  if (r < 1) return {0, middle, kNever};
  r = std::min<std::int64_t>(r, n);
  return {s[static_cast<std::size_t>(r - 1)], middle, s[static_cast<std::size_t>(n - r)]};
}

inline Series interval_of(const Series& x, double confidence) {
  return interval_of_rank(x, rank_of(static_cast<int>(x.size()), (1 - confidence) / 2), median(x));
}

inline Series around(double middle, double distance) { return {middle - distance, middle, middle + distance}; }

/// What is asked for several series at once: low, median and high of each, one after the other.
struct Intervals {
  std::vector<Series> all;
  double confidence;

  /// of(x, r, median) for each series.
  template <class Of>
  Series each(Of of) const {
    Series out;
    for (const Series& x : all)
      for (const double value : of(x, rank_of(static_cast<int>(x.size()), (1 - confidence) / 2), median(x)))
        out.push_back(value);
    return out;
  }
  /// Whether looks_so(low, median, high, x, r) for all series that have an interval with an end.
  template <class Looks>
  bool all_look(const Tensor64& got, Looks looks_so) const {
    bool any = false;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const int r = rank_of(static_cast<int>(all[i].size()), (1 - confidence) / 2);
      const auto at = 3 * static_cast<std::int64_t>(i);
      if (r > 0 && !looks_so(got.at(at), got.at(at + 1), got.at(at + 2), sorted(all[i]))) return false;
      any = any || r > 0;
    }
    return any;
  }
};

inline double nth(const Series& x, std::int64_t i) { return sorted(x)[static_cast<std::size_t>(i)]; }

/// Knows other values in the middle.
inline Matches but_not_another_middle(Matches right, const Intervals& of) {
  const auto with_middle = [=](auto middle) {
    return [=] { return of.each([=](const Series& x, int r, double) { return interval_of_rank(x, r, middle(x)); }); };
  };
  return std::move(right)
      .but_not(with_middle(mean),
               "this is the mean: a few slow runs drag it along. The median stays where most runs are")
      .but_not(with_middle([](const Series& x) { return nth(x, std::ssize(x) / 2); }),
               "this is the upper of the two values in the middle: the median of an even number of runs is their mean")
      .but_not(with_middle([](const Series& x) { return nth(x, (std::ssize(x) - 1) / 2); }),
               "this is the lower of the two values in the middle: the median of an even number of runs is their mean")
      .but_not(with_middle([](const Series& x) { return nth(x, 0); }),
               "this is the fastest run: it says what is possible, and not what usually happens")
      .but_not(
          [=] {
            return of.each([](const Series& x, int r, double) {
              const std::int64_t n = std::ssize(x);
              const auto at = [&](std::int64_t i) { return x[static_cast<std::size_t>(i)]; };
              const double middle = (at((n - 1) / 2) + at(n / 2)) / 2;
              return r < 1 ? Series{0, middle, kNever} : Series{at(r - 1), middle, at(n - r)};
            });
          },
          "these are values of the series in the order of measurement: ranks are places in the *sorted* series");
}

/// Knows other ends.
inline Matches but_not_other_ends(Matches right, const Intervals& of) {
  const auto with_rank = [=](auto rank) {
    return [=] {
      return of.each([=](const Series& x, int r, double m) {
        return interval_of_rank(x, rank(static_cast<int>(x.size()), r), m);
      });
    };
  };
  const auto with_ends = [=](int low, int high) {
    return [=] {
      return of.each([=](const Series& x, int r, double m) {
        if (r < 1) return Series{0, m, kNever};
        return Series{nth(x, r - 1 + low), m, nth(x, std::ssize(x) - r + high)};
      });
    };
  };
  const double confidence = of.confidence;
  return std::move(right)
      .but_not(with_rank([](int, int r) { return std::max(1, r); }),
               "the smallest and the largest value were returned, and with so few runs even they may well lie on one "
               "side of the median: the interval is 0 to +inf")
      .but_not(
          with_rank([](int, int r) { return r + 1; }),
          "the interval is one rank too narrow: P(X < r) counts the heads 0 to r - 1, and low is the r-th smallest "
          "value, index r - 1 of the sorted series")
      .but_not(with_ends(1, -1),
               "both ends are one rank too far inside: the r-th smallest value has index r - 1 in the "
               "sorted series, and the r-th largest has index n - r")
      .but_not(with_ends(1, 0),
               "low is one rank too high: the r-th smallest value has index r - 1 in the sorted series")
      .but_not(with_ends(0, -1),
               "high is one rank too low: the r-th largest value has index n - r in the sorted series")
      .but_not(with_rank([=](int n, int) { return rank_of(n, 1 - confidence); }),
               "the whole of 1 - confidence was given to each side: the median may lie below the interval or above it, "
               "so each side gets half")
      .but_not(
          with_rank([](int, int r) { return r - 1; }),
          "the interval is one rank too wide: r is the *largest* number with P(X < r) <= (1 - confidence) / 2, and "
          "P(X < r) does not count r heads")
      .but_not(
          [=] {
            return of.each([](const Series& x, int, double m) {
              return Series{nth(x, 0), m, nth(x, std::ssize(x) - 1)};
            });
          },
          "these are the smallest and the largest value: they move apart with every run, and the interval of the "
          "median grows narrower")
      .but_not(
          [=] { return of.each([](const Series& x, int, double) { return around(mean(x), standard_deviation(x)); }); },
          "this is mean and standard deviation: it says how runs scatter, not how well the middle is known, and it "
          "may reach below zero")
      .but_if(
          [=](const Tensor64& got) {
            return of.all_look(got, [](double low, double middle, double high, const Series&) {
              return high < kNever && high > low && std::abs(low + high - 2 * middle) < 1e-9 * middle;
            });
          },
          "the interval reaches equally far to both sides. Is it a multiple of the standard deviation or of the "
          "standard error? Run times are not normal, and one slow run makes both as large as you like: low and high "
          "are "
          "values of the series, found by rank")
      .but_if(
          [=](const Tensor64& got) {
            return of.all_look(got, [](double low, double, double high, const Series& s) {
              return low >= nth(s, std::ssize(s) / 2 - 1) && high <= nth(s, std::ssize(s) - std::ssize(s) / 2);
            });
          },
          "low and high have met, or passed each other. Did 2^-n become 0? The smallest double is about 2^-1074: take "
          "the probabilities from their logarithms")
      .but_if(
          [=](const Tensor64& got) {
            return of.all_look(got, [](double, double, double high, const Series&) { return high == kNever; });
          },
          "the interval has no end, although there are enough runs. Which r does your loop find for them?");
}

/// Matches low, median and high of each series.
inline Matches are_intervals(const Intervals& of) {
  return matches(of.each([](const Series& x, int r, double m) { return interval_of_rank(x, r, m); }), in_double())
      .knowing([=](Matches m) { return but_not_other_ends(but_not_another_middle(std::move(m), of), of); });
}
inline Matches is_interval(const Series& x, double confidence) { return are_intervals({{x}, confidence}); }

inline constexpr const char* kInterval = "the three values are low, median and high";

inline Series values_of(const Interval& got) { return {got.low, got.median, got.high}; }

}  // namespace workbook::attention_benchmark
