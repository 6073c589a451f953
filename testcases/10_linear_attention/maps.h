#pragma once
/// What feature_map should return, and what people return in its place.

#include <fmt/format.h>

#include "definition.h"

namespace workbook::linear_attention {

/// The same function of every element.
inline Tensor64 each(const Tensor& x, double (*f)(double)) {
  Tensor64 result = to_double(x);
  for (double& value : result.values()) value = f(value);
  return result;
}

/// Exponentials that end at some exponent, as a constant or as zeros.
inline Matches but_not_cut_off(Matches matcher, const Tensor& x) {
  for (const double end : {-10., -15., -16., -20., -30., -50., -60., -80.}) {
    const auto cut = [=](bool zeros) {
      return [=] {
        Tensor64 phi = features(x, FeatureMap::elu_plus_one);
        for (std::int64_t i = 0; i < x.size(); ++i)
          if (const double a = x.values()[i]; a < end) phi.values()[i] = zeros ? 0 : std::exp(end);
        return phi;
      };
    };
    std::move(matcher)
        .but_not(cut(true), fmt::format("all features below about {} are 0: exp(x) is a float down to -87", end))
        .but_not(cut(false), fmt::format("below about {} all numbers have the same feature: is the exponent cut "
                                         "off? exp(x) is a float down to -87",
                                         end));
  }
  return matcher;
}

inline Matches is_elu_plus_one(const Tensor& x) {
  // exp and one addition, each correct to a few u of its result; what is no normal number need only be that small.
  const Tolerance tolerance{0x1p-126, 8 * kUnitRoundoff, "rounding of exp and of an addition"};
  return but_not_cut_off(matches(features(x, FeatureMap::elu_plus_one), tolerance), x)
      .but_not([=] { return each(x, [](double a) { return a > 0 ? a : std::exp(a) - 1; }); },
               "this is elu(x), which is negative below 0: a weight would be negative, a denominator could be 0. Add 1")
      .but_not([=] { return each(x, [](double a) { return std::max(a, 0.0) + 1; }); },
               "this is relu(x) + 1: all numbers below 0 have the same feature. There it is exp(x)")
      .but_not([=] { return each(x, [](double a) { return std::max(a, 0.0); }); },
               "this is relu(x): 0 for all that is below 0, so that a query may find no key at all")
      .but_not([=] { return each(x, [](double a) { return std::exp(a); }); },
               "this is exp(x) everywhere: above 0 it is x + 1")
      .but_not([=] { return each(x, [](double a) { return a > 0 ? a : std::exp(a); }); },
               "above 0 this is x: it is x + 1 there, so that both branches meet in 1")
      .but_not([=] { return each(x, [](double a) { return a > 0 ? a + 1 : std::exp2(a); }); },
               "below 0 this is 2^x: it is e^x there")
      .but_not(
          [=] {
            return each(x, [](double a) { return a > 0 ? a + std::log1p(std::exp(-a)) : std::log1p(std::exp(a)); });
          },
          "this is softplus, log(1 + exp(x)): the features are x + 1 above 0 and exp(x) below")
      .but_not([=] { return each(x, [](double a) { return a > 0 ? a + 1 : std::exp(a) + 1; }); },
               "below 0 there is 1 too much: elu(x) = exp(x) - 1 there, and 1 more is exp(x)")
      .but_not(
          [=] {
            return each(x, [](double a) -> double {
              const auto in_float = static_cast<float>(a);
              return in_float > 0 ? in_float + 1 : std::exp(in_float) - 1 + 1;
            });
          },
          "below 0, 1 was taken off and added again. In float that rounds exp(x) to a multiple of 6e-8, and to 0 "
          "below -17; a row of such zeros divides 0 by 0. Take it off on paper: elu(x) + 1 = exp(x)")
      .but_not(
          [=] {
            return each(x, [](double a) -> double {
              const auto in_float = static_cast<float>(a);
              return in_float > 0 ? in_float + 1 : std::expm1(in_float) + 1;
            });
          },
          "below 0, 1 was added to expm1(x). In float that is 0 below -17, and a row of zeros divides 0 by 0. "
          "elu(x) + 1 = exp(x) there");
}

/// A softmax over the positions of each channel, in place of the channels of each position.
inline Tensor64 softmax_over_positions(const Tensor& x) {
  Tensor64 result(x.shape());
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t c = 0; c < x.dim(3); ++c) {
        std::vector<float> column;
        for (std::int64_t i = 0; i < x.dim(2); ++i) column.push_back(x.at(b, h, i, c));
        const std::vector<double> phi = features<double>(column, FeatureMap::softmax);
        for (std::int64_t i = 0; i < x.dim(2); ++i) result.at(b, h, i, c) = phi[static_cast<std::size_t>(i)];
      }
  return result;
}

/// In float, with a search for the largest channel that begins at `start`, or with nothing taken off. Eigen's exp ends
/// at `least`, 2.9e-39.
inline Tensor64 softmax_from(const Tensor& x, float start, bool shifted = true, float least = 0) {
  Tensor phi(x.shape());
  for (std::int64_t r = 0; r < x.size() / x.dim(3); ++r) {
    const auto from = x.values().subspan(static_cast<std::size_t>(r * x.dim(3)), static_cast<std::size_t>(x.dim(3)));
    const float largest = shifted ? std::max(start, *std::ranges::max_element(from)) : 0;
    float sum = 0;
    for (const float value : from) sum += std::max(std::exp(value - largest), least);
    for (std::size_t c = 0; c < from.size(); ++c)
      phi.values()[static_cast<std::size_t>(r * x.dim(3)) + c] = std::max(std::exp(from[c] - largest), least) / sum;
  }
  return to_double(phi);
}

inline const char* const kNotShifted =
    "exp() was taken of the channels as they are: it overflows above 88, and of a row far below 0 only zeros remain. "
    "Take the largest channel of a row off before the exponential, as in every softmax";

inline const char* const kBeginsTooHigh =
    "rows whose largest channel is far below 0 are wrong: the search for the largest begins at a number that is not "
    "small "
    "enough. Begin with the row's first channel, or with -infinity";

/// Whether all features of a position are off by one factor, no further from 1 than the spacing of floats near its
/// largest channel.
inline bool off_by_a_factor(const Tensor& x, const Tensor64& got) {
  const Tensor64 right = features(x, FeatureMap::softmax);
  for (std::int64_t first = 0; first < x.size(); first += x.dim(3)) {
    const auto row = x.values().subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(x.dim(3)));
    const std::int64_t at = first + (std::ranges::max_element(row) - row.begin());
    const double factor = got.values()[at] / right.values()[at];
    if (!(std::abs(factor - 1) <= 4 * kUnitRoundoff * (std::abs(x.values()[at]) + 1))) return false;
    for (std::int64_t n = first; n < first + x.dim(3); ++n)
      if (std::abs(got.values()[n] - factor * right.values()[n]) > 1e-5 * right.values()[n] + 1e-37) return false;
  }
  return true;
}

inline Matches is_channel_softmax(const Tensor& x) {
  const double channels = static_cast<double>(x.dim(3));
  // Lesson 01's bound: rounding of the sum, and of exponents up to 88; what underflows need only be as small.
  const Tolerance tolerance{0x1p-126, (channels + 2 * 88 + 8) * kUnitRoundoff, "rounding of the sum and the exponents"};
  return matches(features(x, FeatureMap::softmax), tolerance)
      .but_not([=] { return softmax_over_positions(x); },
               "the positions of each channel add up to 1: it is the channels of each position that should")
      .but_not([=] { return each(x, [](double a) { return std::exp(a); }); },
               "these are exponentials that nobody divided: a position's features add up to 1")
      .but_not([=] { return features(x, FeatureMap::elu_plus_one); }, "these are the features of the other map")
      .but_not([=] { return softmax_from(x, 0, false); }, kNotShifted)
      .but_not([=] { return softmax_from(x, 0, false, 2.9e-39F); }, kNotShifted)
      .but_not([=] { return softmax_from(x, 0); },
               "the search for the largest channel begins at 0, or at the smallest positive float: a row of negative "
               "numbers has a smaller one. Begin with the row's first channel, or with -infinity")
      .but_not([=] { return softmax_from(x, -1e4F); }, kBeginsTooHigh)
      .but_not([=] { return softmax_from(x, -1e9F); }, kBeginsTooHigh)
      .but_not([=] { return softmax_from(x, -1e30F); }, kBeginsTooHigh)
      .but_not([=] { return softmax_from(x, 0, true, 2.9e-39F); }, kBeginsTooHigh)
      .but_not([=] { return softmax_from(x, -1e4F, true, 2.9e-39F); }, kBeginsTooHigh)
      .but_if(
          [=](const Tensor64& got) { return off_by_a_factor(x, got); },
          "all features of a position are off by the same small factor. Are they exp(x - log(sum))? Near 1000 floats "
          "are 6e-5 apart, and a logarithm of the sum is rounded by so much. Take the largest channel off, which is "
          "exact, and divide by the sum")
      .but_if(has_nan, "there are NaNs. Did an exponential overflow, or was a row of zeros divided by their sum?");
}

}  // namespace workbook::linear_attention
