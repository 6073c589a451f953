#pragma once
/// What the exponential and the two tiles should return, and what comes out when somebody has one idea wrong.

#include <fmt/format.h>

#include "common/checker/inputs.h"
#include "common/checker/matchers.h"
#include "common/checker/student.h"
#include "vectorized_flash.h"

namespace workbook::vectorized_flash {

inline Tensor64 each(const Tensor& x, double (*f)(double)) {
  Tensor64 result(x.shape());
  for (std::int64_t i = 0; i < x.size(); ++i) result.values()[i] = f(x.values()[i]);
  return result;
}

/// x <= 0, from far below to just below 0: every exponent of a float has its share.
inline Tensor nonpositive(const Shape& shape) {
  Tensor x = random_normal(shape);
  for (float& value : x.values())
    value = -std::ldexp(1 + std::abs(value) / 8, static_cast<int>(random_integer(-30, 5)));
  return x;
}

/// Matches 2^x where that is 2^-126 or more.
inline Matches is_power(const Tensor& x) {
  return matches(each(x, [](double e) { return std::exp2(e); }), relative_rounding(4))
      .but_not([x] { return each(x, [](double e) { return std::exp2(std::nearbyint(e)); }); },
               "this is 2^n alone, n being x rounded: the fraction x - n is missing")
      .but_not([x] { return each(x, [](double e) { return std::exp2(e - std::nearbyint(e)); }); },
               "this is 2^f alone, f being the fraction of x: the whole number n belongs into the exponent's bits")
      .but_not([x] { return each(x, [](double e) { return std::exp2(-e); }); }, "this is 2^-x: a sign is wrong")
      .but_not(
          [x] {
            Tensor64 wrong = each(x, [](double e) { return std::exp2(e); });
            std::ranges::fill(wrong.values().last(static_cast<std::size_t>(x.size() % kLanes)), 0.);
            return wrong;
          },
          "the last elements are missing: their number need not be a multiple of kLanes")
      .but_if(
          [x](const Tensor64& got) {
            return std::ranges::equal(got.values(), x.values(), [](double y, float e) {
              return std::abs(y - std::exp(double{e})) <= 1e-4 * std::exp(double{e});
            });
          },
          "these look like powers of e. Is the base 2?")
      .but_if(
          [x](const Tensor64& got) {
            bool doubled = false;
            for (std::int64_t i = 0; i < x.size(); ++i) {
              const double share = got.values()[i] / std::exp2(static_cast<double>(x.values()[i]));
              if (std::abs(share - 1) > 1e-3 && std::abs(share - 2) > 1e-3 && std::abs(share - 0.5) > 1e-3)
                return false;
              doubled |= std::abs(share - 1) > 1e-3;
            }
            return doubled;
          },
          "some results are twice or half of what they should be. Is n rounded one way, and the fraction taken from an "
          "x that was rounded the other way?")
      .but_if(
          [x](const Tensor64& got) {
            double worst = 0;
            for (std::int64_t i = 0; i < x.size(); ++i)
              worst = std::max(worst, std::abs(got.values()[i] / std::exp2(static_cast<double>(x.values()[i])) - 1));
            return worst < 0.02;
          },
          "every result is nearly right. A polynomial of degree 5 that is fitted to |f| <= 1/2 has a relative error of "
          "1e-7. Has yours a lower degree, Taylor's coefficients, or an f outside of that range?");
}

/// A product of a tile, where the sums can be changed: out[row][i] = sum over steps of number(row, step) b[step][i].
struct TileFormula {
  std::int64_t rows = 0, steps = 0;
  std::function<double(std::int64_t row, std::int64_t step)> number;
  Tensor64 b;                                 // [steps, kStrip]
  Tensor64 begin;                             // [rows, kStrip], what the sums begin with
  std::int64_t lane_of_second_half = kLanes;  // the lane that the second vector begins with

  Tensor64 operator()() const {
    Tensor64 out({rows, kStrip});
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t i = 0; i < kStrip; ++i) {
        const std::int64_t lane = i < kLanes ? i : i - kLanes + lane_of_second_half;
        double sum = begin.at(r, i);
        for (std::int64_t step = 0; step < steps; ++step) sum += number(r, step) * b.at(step, lane);
        out.at(r, i) = sum;
      }
    return out;
  }

  /// The error of so many roundings, each of a number as large as all terms together.
  Tolerance tolerance() const {
    double largest = 0;
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t i = 0; i < kStrip; ++i) {
        double sum = std::abs(begin.at(r, i));
        for (std::int64_t step = 0; step < steps; ++step) sum += std::abs(number(r, step) * b.at(step, i));
        largest = std::max(largest, sum);
      }
    return rounding(static_cast<double>(steps + 2), largest);
  }
};

/// Matches what the formula gives, and knows what goes wrong at the edges of tiles.
inline Matches is_tile(const TileFormula& right, const std::string& row, const std::string& step) {
  const auto with = [right](auto change) {
    return [right, change] {
      TileFormula wrong = right;
      change(wrong);
      return wrong();
    };
  };
  Matches matcher =
      matches(right(), right.tolerance())
          .but_not(with([](TileFormula& f) { f.lane_of_second_half = 0; }),
                   "queries 16 to 31 have the results of queries 0 to 15: the second vector of a row begins kLanes "
                   "numbers after the first");
  for (const std::int64_t tile : {2, 3, 4, 6, 8, 12, 16}) {
    std::move(matcher)
        .but_not(
            [=] {
              Tensor64 wrong = right();
              for (std::int64_t r = right.rows / tile * tile; r < right.rows; ++r)
                std::ranges::copy(right.begin.row(r), wrong.row(r).begin());
              return wrong;
            },
            fmt::format("the last {}s are missing: their number need not be a multiple of {}", row, tile))
        .but_not(
            with([=](TileFormula& f) { f.steps = f.steps / tile * tile; }),
            fmt::format("the last {}s are missing in the sums: their number need not be a multiple of {}", step, tile));
  }
  return std::move(matcher).but_not(
      with([](TileFormula& f) { f.begin = Tensor64(f.begin.shape()); }),
      "the result does not contain what was there before: factor times o_t is where the sums begin");
}

inline TileFormula scores_formula(const Tensor& q_t, const Tensor& k) {
  return {.rows = k.dim(0),
          .steps = k.dim(1),
          .number = [k](std::int64_t j, std::int64_t c) { return double{k.at(j, c)}; },
          .b = to_double(q_t),
          .begin = Tensor64({k.dim(0), kStrip})};
}

inline Matches is_score_tile(const Tensor& q_t, const Tensor& k) {
  const TileFormula right = scores_formula(q_t, k);
  const auto scaled = [right, head_dim = k.dim(1)] {
    Tensor64 wrong = right();
    for (double& x : wrong.values()) x /= std::sqrt(static_cast<double>(head_dim));
    return wrong;
  };
  return is_tile(right, "key", "channel")
      .but_not(scaled, "the scores were scaled by 1 / sqrt(head_dim): score_tile returns the products as they are");
}

/// What weigh_tile is called with.
struct Weighing {
  Tensor p_t, v, factor, o_t;

  Weighing(std::int64_t keys, std::int64_t head_dim)
      : p_t(random_normal({keys, kStrip})),
        v(random_normal({keys, head_dim})),
        factor(random_normal({kStrip})),
        o_t(random_normal({head_dim, kStrip})) {}
};

inline Matches is_weighed(const Weighing& in) {
  const auto begin = [in](auto factor_of) {
    Tensor64 o_t = to_double(in.o_t);
    for (std::int64_t c = 0; c < o_t.dim(0); ++c)
      for (std::int64_t i = 0; i < kStrip; ++i) o_t.at(c, i) *= factor_of(i);
    return o_t;
  };
  const TileFormula right{.rows = in.v.dim(1),
                          .steps = in.v.dim(0),
                          .number = [v = in.v](std::int64_t c, std::int64_t j) { return double{v.at(j, c)}; },
                          .b = to_double(in.p_t),
                          .begin = begin([&](std::int64_t i) { return in.factor.at(i); })};
  const auto beginning = [=](auto factor_of) {
    return [=] {
      TileFormula wrong = right;
      wrong.begin = begin(factor_of);
      return wrong();
    };
  };
  const Tensor factor = in.factor;
  return is_tile(right, "channel", "key")
      .but_not(beginning([](std::int64_t) { return 1.0; }),
               "o_t was not multiplied by the factor: what is summed up so far is relative to an older maximum")
      .but_not(beginning([factor](std::int64_t) { return double{factor.at(0)}; }),
               "all queries have the factor of query 0: each has a factor of its own")
      .but_not(beginning([factor](std::int64_t i) { return double{factor.at(i % kLanes)}; }),
               "queries 16 to 31 have the factors of queries 0 to 15")
      .but_not(
          [=] {
            TileFormula wrong = right;
            wrong.begin = to_double(in.o_t);
            Tensor64 out = wrong();
            for (std::int64_t c = 0; c < out.dim(0); ++c)
              for (std::int64_t i = 0; i < kStrip; ++i) out.at(c, i) *= factor.at(i);
            return out;
          },
          "the factor also shrank what these keys added: it belongs to what was there before, so apply it first");
}

}  // namespace workbook::vectorized_flash
