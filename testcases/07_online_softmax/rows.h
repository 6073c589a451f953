#pragma once
/// Rows of logits, ways to cut them, and orders to merge the pieces in.

#include "exact.h"

namespace workbook::online_softmax {

inline std::vector<float> random_logits(std::int64_t n, float offset = 0, float stddev = 1) {
  const Tensor x = random_normal({n}, stddev);
  std::vector<float> logits(x.values().begin(), x.values().end());
  for (float& value : logits) value += offset;
  return logits;
}

/// `count` pieces of random length, some of them perhaps empty.
inline std::vector<Logits> cut_anywhere(Logits row, std::size_t count) {
  std::vector<std::size_t> cuts{0, row.size()};
  while (cuts.size() <= count)
    cuts.push_back(static_cast<std::size_t>(random_integer(0, static_cast<std::int64_t>(row.size()))));
  std::ranges::sort(cuts);
  std::vector<Logits> pieces;
  for (std::size_t i = 0; i < count; ++i) pieces.push_back(row.subspan(cuts[i], cuts[i + 1] - cuts[i]));
  return pieces;
}

enum class Order { first_to_last, last_to_first, pairs, random };

inline const char* name_of_order(Order order) {
  switch (order) {
    case Order::first_to_last:
      return "the first part takes in the others one by one";
    case Order::last_to_first:
      return "from the last part backwards";
    case Order::pairs:
      return "neighbours, then neighbours of neighbours";
    default:
      return "at random";
  }
}

/// Merges (i, j), part i taking in part j, after which part 0 holds all.
inline std::vector<std::pair<std::size_t, std::size_t>> merges(std::size_t count, Order order) {
  std::vector<std::pair<std::size_t, std::size_t>> result;
  if (order == Order::first_to_last)
    for (std::size_t j = 1; j < count; ++j) result.emplace_back(0, j);
  if (order == Order::last_to_first)
    for (std::size_t j = count - 1; j > 0; --j) result.emplace_back(j - 1, j);
  if (order == Order::pairs)
    for (std::size_t step = 1; step < count; step *= 2)
      for (std::size_t i = 0; i + step < count; i += 2 * step) result.emplace_back(i, i + step);
  if (order == Order::random) {
    std::vector<std::size_t> left(count);
    std::iota(left.begin(), left.end(), 0);
    while (left.size() > 1) {
      const auto take = [&](std::size_t from) {
        return static_cast<std::size_t>(random_integer(static_cast<std::int64_t>(from), std::ssize(left) - 1));
      };
      const std::size_t j = take(1);  // part 0 stays
      const std::size_t other = left[j];
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(j));
      result.emplace_back(left[take(0)], other);
    }
  }
  return result;
}

/// From -2000 down to the lowest float, one for each power of ten.
inline std::vector<float> ever_lower() {
  std::vector<float> result;
  for (int power = 3; power < 38; ++power) result.push_back(-2 * std::pow(10.f, static_cast<float>(power)));
  result.push_back(std::numeric_limits<float>::lowest());
  return result;
}

/// A row whose logits are these: one channel, a query of 1.
inline Row row_of_logits(Logits logits) {
  Row row = random_row(std::ssize(logits), 1);
  row.q.at(0, 0) = 1;
  std::ranges::copy(logits, row.k.values().begin());
  return row;
}

/// A key that is `distance` below the largest logit, with a value so large that it counts nevertheless. Logits are
/// multiples of 2^-10: their differences are exact.
inline Row with_a_far_key(float distance) {
  std::vector<float> logits = random_logits(9);
  for (float& x : logits) x = std::round(x * 1024) / 1024;
  logits[4] = std::ranges::max(logits) - distance;
  Row row = row_of_logits(logits);
  row.v.at(4, 0) = 4 * std::exp(distance);
  return row;
}

/// Matches a call that reads each element of this argument, the keys or the values, once.
inline ReadsAtMost reads_once(const Tensor& argument, const std::string& what) {
  const auto bytes = static_cast<double>(argument.values().size_bytes());
  return reads_at_most(argument, bytes, "each of the " + what + " once. Keep a chunk's logits until they are used")
      .but_not(2 * bytes, "all " + what +
                              " were read twice. A pass of its own for the maximum does that, and so does a copy: a "
                              "chunk's logits can stay until its values are weighed; after that, all that the past "
                              "needs is max, sum and weighted");
}

}  // namespace workbook::online_softmax
