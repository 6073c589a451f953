#pragma once
/// Causal attention of a few queries, for inputs so large that comparing all of them would take too long.

#include "attends.h"
#include "common/checker/attention/large_inputs.h"

namespace workbook::linear_attention {

using attention_tests::uniform_inputs;

using Positions = std::vector<std::int64_t>;

/// The last position of a sequence, which sees every key, and others drawn at random.
inline Positions some_positions(std::int64_t seq) {
  Positions positions{seq - 1};
  while (positions.size() < 4) positions.push_back(random_integer(0, seq - 1));
  return positions;
}

inline const char* const kSomeQueries =
    "Only 4 queries of the last head are compared. Row 0 above is the last query, the others were drawn at random.";

/// The last head's rows: [batch, heads, seq, channels] -> [1, 1, positions, channels]
inline Tensor rows_at(const Tensor& x, const Positions& positions) {
  Tensor some({1, 1, std::ssize(positions), x.dim(3)});
  for (std::int64_t i = 0; i < some.dim(2); ++i)
    std::ranges::copy(x.row(x.dim(0) - 1, x.dim(1) - 1, positions[static_cast<std::size_t>(i)]),
                      some.row(0, 0, i).begin());
  return some;
}

/// These queries, with all keys and values of the last head.
inline Inputs with_queries_at(const Positions& positions, const Inputs& in) {
  const auto last_head = [](const Tensor& x) {
    const std::int64_t size = x.dim(2) * x.dim(3);
    return Tensor({1, 1, x.dim(2), x.dim(3)}, x.values().last(static_cast<std::size_t>(size)));
  };
  return {rows_at(in.q, positions), last_head(in.k), last_head(in.v)};
}

/// Matches the rows of causal attention at these positions.
inline Matches attends_at(const Positions& positions, const Inputs& in, FeatureMap map) {
  const auto until = [=](auto i, auto j) -> double { return j <= positions[static_cast<std::size_t>(i)]; };
  return is_attention(with_queries_at(positions, in), {.map = map, .values = until});
}

}  // namespace workbook::linear_attention
