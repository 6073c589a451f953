#pragma once
/// What block_layout should return, and what comes out when somebody has one idea wrong.

#include <cstdlib>

#include "common/checker/student.h"

namespace workbook::sliding_window {

/// The rules of a layout; each switch is a mistake.
struct Rules {
  int local_shift = 0;           ///< added to config.local
  bool global_columns = true;    ///< every block sees the global blocks
  bool global_rows = true;       ///< the global blocks see every block
  bool draw_seen = false;        ///< wrong: blocks that are seen already take part in the draw
  bool draw_future = false;      ///< wrong: blocks that the mask hides take part in the draw, in vain
  bool draw_for_row_0 = false;   ///< wrong: all rows use the lots of row 0
  bool largest = false;          ///< wrong: the largest lots are taken
  bool transposed_lots = false;  ///< wrong: lot(seed, j, i)
  bool ignore_mask = false;      ///< wrong: there is no mask
  bool global_last = false;      ///< wrong: the mask hides no global block
  bool signed_lots = false;      ///< wrong: lots from 2^63 on are negative
  std::optional<std::uint64_t> seed = {};
};

inline TensorOf<bool> layout_by(const LayoutConfig& config, const Rules& rules = {}) {
  const int blocks = config.blocks;
  const bool causal = config.mask == Mask::causal && !rules.ignore_mask;
  TensorOf<bool> layout({blocks, blocks});
  const auto key = [&](int i, int j) {
    const std::uint64_t seed = rules.seed.value_or(config.seed);
    if (rules.draw_for_row_0) i = 0;
    const std::uint64_t drawn = rules.transposed_lots ? lot(seed, j, i) : lot(seed, i, j);
    if (rules.signed_lots) return drawn ^ (std::uint64_t{1} << 63);
    return rules.largest ? ~drawn : drawn;
  };
  for (int i = 0; i < blocks; ++i) {
    std::vector<std::pair<std::uint64_t, int>> candidates;
    for (int j = 0; j < blocks; ++j) {
      const bool hidden = causal && j > i;
      const bool seen = std::abs(i - j) < std::int64_t{config.local} + rules.local_shift ||
                        (rules.global_rows && i < config.global) || (rules.global_columns && j < config.global);
      const bool global = (rules.global_rows && i < config.global) || (rules.global_columns && j < config.global);
      layout.at(i, j) = seen && (!hidden || (rules.global_last && global));
      if ((!seen || rules.draw_seen) && (!hidden || rules.draw_future)) candidates.emplace_back(key(i, j), j);
    }
    std::ranges::sort(candidates);
    if (candidates.size() > static_cast<std::size_t>(config.random))
      candidates.resize(static_cast<std::size_t>(config.random));
    for (const auto& [drawn, j] : candidates)
      if (!(causal && j > i)) layout.at(i, j) = true;
  }
  return layout;
}

/// Matches block_layout(config), and knows the mistakes that people make.
inline Matches is_layout_of(const LayoutConfig& config) {
  const auto by = changes_of(Rules(), [config](const Rules& rules) { return layout_by(config, rules); });
  return matches(layout_by(config), {0, 0, "true or false"})
      .but_not(by([](Rules& r) { r.local_shift = 1; }),
               "the local window is too wide by one: `local` counts the block itself, as `window` counts the query")
      .but_not(by([](Rules& r) { r.local_shift = -1; }),
               "the local window is too narrow by one: block i sees block j if |i - j| < local")
      .but_not(by([](Rules& r) { r.global_last = true; }),
               "a causal mask hides later blocks, also those that global rows and columns would show")
      .but_not(by([](Rules& r) { r.ignore_mask = true; }),
               "the layout is not causal: block i may see no block after i, be it local, global or random")
      .but_not(by([](Rules& r) { r.global_rows = false; }),
               "every block sees the global blocks, but the global blocks do not see every block: their rows are as "
               "full as their columns")
      .but_not(by([](Rules& r) { r.global_columns = false; }),
               "the global blocks see every block, but not every block sees them: their columns are as full as their "
               "rows")
      .but_not(by([](Rules& r) { r.global_rows = r.global_columns = false; }), "there are no global blocks")
      .but_not(
          [config] {
            LayoutConfig other = config;
            other.random = 0;
            return layout_by(other);
          },
          "there are no random blocks")
      .but_not(by([](Rules& r) { r.draw_seen = true; }),
               "a row draws blocks that it sees already, so it gets fewer new ones than it should. Draw among the "
               "others")
      .but_not(by([](Rules& r) { r.draw_future = true; }),
               "a row draws blocks after its own, which the mask then hides, so it gets fewer than it should. Draw "
               "among the blocks that it may see")
      .but_not(by([](Rules& r) { r.draw_seen = r.draw_future = true; }),
               "a row draws among all blocks, also those that it sees already or may not see. Draw among the others")
      .but_not(by([](Rules& r) { r.draw_for_row_0 = true; }),
               "all rows draw with the lots of row 0: lot(seed, i, j) has a number for each row")
      .but_not(by([](Rules& r) { r.transposed_lots = true; }), "the lots are those of lot(seed, j, i): i is the row")
      .but_not(by([](Rules& r) { r.largest = true; }), "the largest lots were drawn: it is the smallest that win")
      .but_not(
          by([](Rules& r) { r.signed_lots = true; }),
          "lots were compared as signed numbers: those from 2^63 on are not negative, they are the largest. A lot is "
          "a std::uint64_t")
      .but_not(by([](Rules& r) { r.seed = 0; }), "config.seed is not used: these are the lots of seed 0");
}

/// A layout of no particular kind: each block is seen or not by chance; no row is empty.
inline TensorOf<bool> random_layout(std::int64_t blocks) {
  TensorOf<bool> layout({blocks, blocks});
  for (bool& seen : layout.values()) seen = random_integer(0, 2) == 0;
  for (std::int64_t i = 0; i < blocks; ++i) layout.at(i, random_integer(0, i)) = true;
  return layout;
}

}  // namespace workbook::sliding_window
