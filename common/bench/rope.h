#pragma once
/// Rotary position embedding of one row, in float for the layer and in double for its reference.

#include <cmath>
#include <span>

namespace workbook::bench {

/// Rotates channels 2i and 2i + 1 by position * 10000^(-2i / row.size()) (Su et al., RoFormer, 2021).
/// Angles are taken in double: in float they would be wrong by half a turn at position 10^7.
template <class T>
void rotate(std::span<T> row, std::int64_t position) {
  for (std::size_t i = 0; i + 1 < row.size(); i += 2) {
    const double frequency = std::pow(10000.0, -static_cast<double>(i) / static_cast<double>(row.size()));
    const double angle = static_cast<double>(position) * frequency;
    const T cosine = static_cast<T>(std::cos(angle)), sine = static_cast<T>(std::sin(angle));
    const T first = row[i], second = row[i + 1];
    row[i] = cosine * first - sine * second;
    row[i + 1] = sine * first + cosine * second;
  }
}

}  // namespace workbook::bench
