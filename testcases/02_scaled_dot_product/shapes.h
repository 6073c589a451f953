#pragma once
/// Calls whose results are shapes, and calls that should refuse one.

#include "inputs.h"

namespace workbook::scaled_dot_product {

using Extents = std::vector<std::int64_t>;

inline std::string text(const Extents& shape) {
  if (shape.empty() || shape.size() > kMaxRank) return std::to_string(shape.size()) + " axes";
  return to_string(Shape(shape));
}

/// Shapes aligned at their first axes, the larger extent taken: what people compute instead.
inline Extents aligned_at_the_front(const Extents& a, const Extents& b) {
  Extents result = a.size() < b.size() ? b : a;
  const Extents& other = a.size() < b.size() ? a : b;
  for (std::size_t axis = 0; axis < other.size(); ++axis) result[axis] = std::max(result[axis], other[axis]);
  return result;
}

inline Extents larger_extents(const Extents& a, const Extents& b) {
  Extents result = a.size() < b.size() ? b : a;
  const Extents& other = a.size() < b.size() ? a : b;
  for (std::size_t back = 1; back <= other.size(); ++back) {
    std::int64_t& extent = result[result.size() - back];
    extent = std::max(extent, other[other.size() - back]);
  }
  return result;
}

inline std::string likely(const Extents& got, const Extents& a, const Extents& b) {
  if (got == larger_extents(a, b))
    return "the larger extent was taken. An extent of 1 gives way to any other, to 0 as well";
  if (got == aligned_at_the_front(a, b))
    return "the shapes were aligned at their first axes. It is the last ones that belong together: the shorter shape "
           "gets ones in front";
  if (got == a || got == b) return "the result is one of the two shapes, but both may have to grow";
  return "";
}

/// Why shapes that fit were refused.
inline std::string why_refused(const Extents& a, const Extents& b, bool both_ways) {
  const auto has_zero = [](const Extents& shape) { return std::ranges::count(shape, 0) > 0; };
  if (!both_ways)
    return "they were refused one way round and accepted the other. Either shape may be the one that has to grow";
  if (has_zero(a) || has_zero(b)) return "an extent of 1 gives way to any other, to 0 as well";
  if (a.size() != b.size())
    return "aligned at their last axes they fit, and the shorter shape gets ones in front. Were they aligned at their "
           "first axes, or refused because they have not as many axes?";
  return "every two extents are equal, or one of them is 1";
}

/// Calls broadcast_shape, both ways round, and checks what it gives.
inline void check_broadcast(const Extents& a, const Extents& b, const Extents& expected) {
  int refused = 0;
  std::string message;
  for (const bool swapped : {false, true}) {
    try {
      const Extents got = swapped ? student<broadcast_shape>(b, a) : student<broadcast_shape>(a, b);
      const std::string idea = likely(got, a, b);
      CHECK_THAT(got == expected, otherwise("expected " + text(expected) + ", got " + text(got) +
                                            (idea.empty() ? "" : "\nLikely: " + idea)));
    } catch (const std::invalid_argument& e) {
      ++refused;
      message = e.what();
    }
  }
  if (refused > 0)
    CHECK_THAT(false,
               otherwise("expected " + text(expected) + " of " + text(a) + " and " + text(b) +
                         ", but they were refused: " + message + "\nLikely: " + why_refused(a, b, refused == 2)));
}

/// Checks that broadcast_shape refuses.
inline void check_refused(const Extents& a, const Extents& b) {
  CHECK_THROWS_AS(student<broadcast_shape>(a, b), std::invalid_argument);
  CHECK_THROWS_AS(student<broadcast_shape>(b, a), std::invalid_argument);
}

}  // namespace workbook::scaled_dot_product
