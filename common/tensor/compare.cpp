#include "common/tensor/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace workbook {
namespace {

constexpr std::int64_t kMapRows = 8;
constexpr std::int64_t kMapColumns = 32;
constexpr std::int64_t kMapHeads = 32;

std::vector<std::string_view> axis_names(int rank) {
  switch (rank) {
    case 1:
      return {"index"};
    case 2:
      return {"row", "column"};
    case 3:
      return {"batch", "row", "column"};
    case 4:
      return {"batch", "head", "row", "column"};
    default:
      return {"axis 0", "axis 1", "axis 2", "axis 3", "axis 4"};
  }
}

/// Fraction of bad elements in [first, first + count), as one character.
struct Shade {
  std::int64_t bad = 0, all = 0;
  std::string_view mark() const { return bad == 0 ? "·" : bad == all ? "█" : "▒"; }
};

/// One mark per (batch, head).
std::string head_map(const Comparison& c) {
  const Shape& shape = c.expected_shape;
  const std::int64_t head_size = shape[-1] * shape[-2];
  const std::int64_t heads = shape.rank() == 4 ? shape[1] : 1;
  std::string text = shape.rank() == 4 ? "by head " : "by batch";
  for (std::int64_t h = 0; h < shape.size() / head_size && h < kMapHeads; ++h) {
    Shade shade;
    for (std::int64_t i = h * head_size; i < (h + 1) * head_size; ++i, ++shade.all)
      shade.bad += c.bad[static_cast<std::size_t>(i)];
    text += (h % heads == 0 && h > 0 ? " | " : " ");
    text += shade.mark();
  }
  return text + (shape.size() / head_size > kMapHeads ? " ..." : "") + "\n";
}

/// Rows by columns of the matrix that holds the first bad element, several elements to a character if need be; empty
/// if all of it is bad.
std::string matrix_map(const Comparison& c) {
  const Shape& shape = c.expected_shape;
  const std::int64_t rows = shape[-2], columns = shape[-1];
  const std::int64_t first = c.first_bad - c.first_bad % (rows * columns);
  const auto begin = c.bad.begin() + first;
  if (std::find(begin, begin + rows * columns, false) == begin + rows * columns) return "";
  const std::int64_t row_step = (rows + kMapRows - 1) / kMapRows;
  const std::int64_t column_step = (columns + kMapColumns - 1) / kMapColumns;
  std::string text;
  for (std::int64_t row = 0; row < rows; row += row_step) {
    text += fmt::format("{:>8} ", row == 0 ? "row 0" : std::to_string(row));
    for (std::int64_t column = 0; column < columns; column += column_step) {
      Shade shade;
      for (std::int64_t i = row; i < std::min(rows, row + row_step); ++i)
        for (std::int64_t j = column; j < std::min(columns, column + column_step); ++j, ++shade.all)
          shade.bad += c.bad[static_cast<std::size_t>(first + i * columns + j)];
      text += shade.mark();
    }
    text += "\n";
  }
  return text;
}

}  // namespace

Tensor to_float(const Tensor64& tensor) {
  Tensor result(tensor.shape());
  for (std::int64_t i = 0; i < tensor.size(); ++i) result.data()[i] = static_cast<float>(tensor.data()[i]);
  return result;
}

bool too_wide(const Tolerance& tolerance, const Tensor64& expected) {
  const auto limit = [&](double e) { return tolerance.absolute + tolerance.relative * std::abs(e); };
  const auto says_something = [](double e) { return e != 0 && std::isfinite(e); };
  const auto values = expected.values();
  return std::ranges::any_of(values, says_something) &&
         std::ranges::none_of(values, [&](double e) { return says_something(e) && std::abs(e) / 2 > limit(e); });
}

Comparison compare(const Tensor64& got, const Tensor64& expected, const Tolerance& tolerance) {
  Comparison result{.got_shape = got.shape(), .expected_shape = expected.shape(), .bad = {}};
  if (got.shape() != expected.shape()) return result;
  result.bad.resize(static_cast<std::size_t>(got.size()));
  double worst_excess = -1;
  for (std::int64_t i = 0; i < got.size(); ++i) {
    const double g = got.data()[i], e = expected.data()[i];
    const bool same =
        (g == e && (!tolerance.every_bit || std::signbit(g) == std::signbit(e))) || (std::isnan(g) && std::isnan(e));
    const double distance = std::abs(g - e);
    const double error = same ? 0 : std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance;
    const double limit = std::isfinite(e) ? tolerance.absolute + tolerance.relative * std::abs(e) : 0;
    if (error - limit > worst_excess || i == 0) {
      worst_excess = error - limit;
      result.worst_error = error;
      result.worst_limit = limit;
    }
    if (tolerance.every_bit ? same : error <= limit) continue;
    result.bad[static_cast<std::size_t>(i)] = true;
    if (result.bad_count++ == 0) {
      result.first_bad = i;
      result.got = g;
      result.expected = e;
    }
  }
  return result;
}

std::string place(const Shape& shape, std::int64_t element) {
  std::string names, indices;
  const auto axes = axis_names(shape.rank());
  std::int64_t stride = shape.size();
  for (int axis = 0; axis < shape.rank(); ++axis) {
    stride /= shape[axis];
    names += (axis ? ", " : "") + std::string(axes[static_cast<std::size_t>(axis)]);
    indices += (axis ? ", " : "") + std::to_string(element / stride % shape[axis]);
  }
  return shape.rank() == 1 ? names + " " + indices : "(" + names + ") (" + indices + ")";
}

std::string explain(const Comparison& c, const Tolerance& tolerance) {
  if (c.got_shape != c.expected_shape)
    return fmt::format("expected shape {}, got {}", to_string(c.expected_shape), to_string(c.got_shape));
  if (c.ok()) return fmt::format("right: worst error {:.2g}, limit {:.2g}", c.worst_error, c.worst_limit);
  const std::string limit = tolerance.every_bit ? "every bit counts" : fmt::format("limit {:.2g}", c.worst_limit);
  if (c.expected_shape.size() == 1)
    return fmt::format("expected {}, got {}\nerror {:.3g}, {} ({})", show(c.expected), show(c.got), c.worst_error,
                       limit, tolerance.reason);
  return fmt::format(
      "first wrong at {}\n"
      "expected {}, got {}\n"
      "worst error {:.3g}, {} ({})\n"
      "{} of {} values wrong",
      place(c.expected_shape, c.first_bad), show(c.expected), show(c.got), c.worst_error, limit, tolerance.reason,
      c.bad_count, c.expected_shape.size());
}

std::string picture(const Comparison& c) {
  if (c.ok() || c.bad.empty() || c.expected_shape.rank() < 2 || c.expected_shape.rank() > 4) return {};
  if (c.expected_shape.size() <= 4 || c.bad_count == c.expected_shape.size() || c.expected_shape[-1] == 1) return {};
  const bool many_matrices = c.expected_shape.size() > c.expected_shape[-1] * c.expected_shape[-2];
  std::string text = many_matrices ? head_map(c) : "";
  text += matrix_map(c);
  return text + "         · right   ▒ some wrong   █ wrong\n";
}

std::string show(double value) {
  if (std::isnan(value)) return "nan";
  if (value == std::floor(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}", value);
  const auto rounded = static_cast<float>(value);
  return static_cast<double>(rounded) == value ? fmt::format("{}", rounded) : fmt::format("{:.9g}", value);
}

}  // namespace workbook
