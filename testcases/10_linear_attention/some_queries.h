#pragma once
/// Causal attention of a few queries, for sequences so long that comparing all of them would take too long.

#include "attends.h"

namespace workbook::linear_attention {

using Positions = std::vector<std::int64_t>;

/// The last position of a sequence, which sees every key, and others drawn at random.
inline Positions some_positions(std::int64_t seq) {
  Positions positions{seq - 1};
  while (positions.size() < 8) positions.push_back(random_integer(0, seq - 1));
  return positions;
}

inline const char* const kSomeQueries =
    "Of this long sequence, 8 queries are compared. Row 0 above is the last query, the others were drawn at random.";

/// [batch, heads, seq, channels] -> [batch, heads, positions, channels]
inline Tensor rows_at(const Tensor& x, const Positions& positions) {
  Tensor some({x.dim(0), x.dim(1), std::ssize(positions), x.dim(3)});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t i = 0; i < some.dim(2); ++i)
        std::ranges::copy(x.row(b, h, positions[static_cast<std::size_t>(i)]), some.row(b, h, i).begin());
  return some;
}

/// Matches the rows of causal attention at these positions.
inline Matches attends_at(const Positions& positions, const Inputs& in, FeatureMap map) {
  const Inputs some{rows_at(in.q, positions), in.k, in.v};
  const auto until = [=](auto i, auto j) -> double { return j <= positions[static_cast<std::size_t>(i)]; };
  return is_attention(some, {.map = map, .values = until});
}

}  // namespace workbook::linear_attention
