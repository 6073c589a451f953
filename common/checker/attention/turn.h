#pragma once
/// Rotary position embedding of one row, in any precision, and what people get wrong in it.

#include <fmt/format.h>

#include <cmath>
#include <span>
#include <string>
#include <vector>

namespace workbook::attention_tests {

/// How the pairs of channels of a row turn; what people get wrong is an argument.
struct Turn {
  bool halves = false;  ///< channel c is paired with c + width / 2; otherwise 2c with 2c + 1
  double base = 10000;
  bool backwards = false;      ///< the other way round
  bool slow_exponent = false;  ///< base^(-c / width) for the pair c
  bool one_angle = false;      ///< all pairs turn by the position itself
  bool angle_in_float = false;
  bool angle_rounded = false;  ///< computed in double, rounded to float before cos and sin
  bool frequency_in_float = false;
  bool overwritten = false;  ///< the second channel is made from the first one's new value
  std::int64_t width = 0;    ///< that frequencies are made for; 0: the row's
  bool none = false;
};

/// Turns pair c of the row by position * base^(-2c / width).
template <class T>
void turn(std::span<T> row, std::int64_t position, const Turn& t = {}) {
  if (t.none) return;
  const std::size_t pairs = row.size() / 2;
  for (std::size_t c = 0; c < pairs; ++c) {
    const double exponent = (t.slow_exponent ? 1.0 : 2.0) * static_cast<double>(c) /
                            (t.width > 0 ? static_cast<double>(t.width) : static_cast<double>(row.size()));
    double frequency = t.one_angle ? 1 : std::pow(t.base, -exponent);
    if (t.frequency_in_float) frequency = double{static_cast<float>(frequency)};
    double angle = static_cast<double>(position) * frequency * (t.backwards ? -1 : 1);
    if (t.angle_rounded) angle = double{static_cast<float>(angle)};
    if (t.angle_in_float) angle = double{static_cast<float>(position) * static_cast<float>(frequency)};
    T& a = row[t.halves ? c : 2 * c];
    T& b = row[t.halves ? c + pairs : 2 * c + 1];
    const T cosine = static_cast<T>(std::cos(angle)), sine = static_cast<T>(std::sin(angle)), old = a;
    a = old * cosine - b * sine;
    b = (t.overwritten ? a : old) * sine + b * cosine;
  }
}

/// What goes wrong in a turn, and the sentence for it.
struct TurnSlip {
  bool Turn::*which;
  std::string sentence;
};

/// @param base as the lesson names it, "10000" or "base"; @param width of a row, "rope_dim"
inline std::vector<TurnSlip> slips_of_turn(const std::string& base, const std::string& width) {
  const std::string power = fmt::format("{}^(-2c / {})", base, width);
  return {
      {&Turn::none, "nothing was rotated"},
      {&Turn::backwards,
       "the pairs turn the wrong way: (a, b) -> (a cos - b sin, a sin + b cos). Scores would "
       "not show it, as they see only differences of angles"},
      {&Turn::slow_exponent, "the exponents are half of what they should be: pair c turns by position * " + power},
      {&Turn::one_angle, "all pairs turn by the same angle: pair c turns by position * " + power},
      {&Turn::overwritten, "the second channel of a pair was made from the first one's new value: keep the old one"},
      {&Turn::angle_in_float,
       "the angle was computed in float: at position 10^6 floats are 0.06 apart, which is 4 degrees. Take position "
       "times frequency, cos and sin in double"},
      {&Turn::angle_rounded,
       "the angle was rounded to float before cos and sin: at 10^6 floats are 0.06 apart, which is 4 degrees. Take "
       "cos and sin in double"},
      {&Turn::frequency_in_float,
       power + " was computed in float: times a position of 10^6, its rounding is seen. Compute it in double"}};
}

}  // namespace workbook::attention_tests
