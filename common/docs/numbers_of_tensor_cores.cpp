// The numbers that the figures of lesson 18 must show, by the definitions of the PTX manual and of a bank.

#include <algorithm>
#include <array>

#include "common/docs/numbers.h"

namespace workbook::docs {

namespace {

/// PTX ISA, "Matrix fragments for mma.m16n8k16 with floating point type": groupID and threadID_in_group of a lane, then
/// row and column of a, b and c.
json places(int lane, int element) {
  const int group = lane >> 2, in_group = lane % 4, i = element % 4;
  const bool a_upper = element == 0 || element == 1 || element == 4 || element == 5;
  return {{"g", group},
          {"t", in_group},
          {"register", element / 2},
          {"a_row", a_upper ? group : group + 8},
          {"a_col", in_group * 2 + (element & 1) + (element < 4 ? 0 : 8)},
          {"b_row", in_group * 2 + (i & 1) + (i < 2 ? 0 : 8)},
          {"b_col", group},
          {"c_row", i < 2 ? group : group + 8},
          {"c_col", in_group * 2 + (i & 1) + (element < 4 ? 0 : 8)}};
}

}  // namespace

json fragments() {
  json cases = json::array();
  for (const int lane : {0, 1, 6, 13, 21, 31})
    for (int element = 0; element < 8; ++element)
      cases.push_back({{"state", {{"lane", lane}, {"element", element}, {"beside", element % 2 == 1}}},
                       {"numbers", places(lane, element)},
                       {"marks", {{"own", element % 2 == 1 ? 20 : 16}, {"now", element % 2 == 1 ? 3 : 3}}}});
  for (const auto& [mark, lane, element, of_lane] :
       {std::tuple{"a-cell", 21, 6, 8}, {"b-cell", 30, 3, 4}, {"c-cell", 2, 1, 4}})
    cases.push_back({{"state", {{"lane", 9}, {"element", 0}, {"beside", false}}},
                     {"click", {{"mark", mark}, {"index", lane * of_lane + element}}},
                     {"numbers", places(lane, element)}});
  return cases;
}

json swizzle() {
  json cases = json::array();
  for (const int head_dim : {16, 48, 64, 80, 128})
    for (int order = 0; order < 3; ++order)
      for (const int chunk : {0, 1, head_dim / 8 - 1})
        for (const int row : {0, 3, 6}) {
          const int width = head_dim * 2 / 16, pitch = order == 1 ? width + 1 - width % 2 : (head_dim + 63) / 64 * 8;
          const auto byte = [&](int r) { return 16 * (r * pitch + (order == 2 ? chunk ^ (r % 8) : chunk)); };
          std::array<int, 32> words{};  // that each bank has to give, 8 rows of 16 bytes
          for (int r = 0; r < 8; ++r)
            for (int at = byte(r); at < byte(r) + 16; at += 4) ++words[static_cast<std::size_t>(at / 4 % 32)];
          cases.push_back({{"state", {{"blocks", head_dim / 16}, {"order", order}, {"row", row}, {"chunk", chunk}}},
                           {"numbers",
                            {{"head_dim", head_dim},
                             {"place", byte(row) / 16},
                             {"group", byte(row) / 16 % 8},
                             {"passes", *std::ranges::max_element(words)},
                             {"bytes", 64 * pitch * 16}}},
                           {"marks", {{"wanted", 8}, {"chunk", 8 * width}, {"bank", 64}}}});
        }
  cases.push_back({{"state", {{"blocks", 4}, {"order", 0}, {"row", 0}, {"chunk", 0}}},
                   {"click", {{"mark", "chunk"}, {"index", 8 * 3 + 5}}},
                   {"numbers", {{"place", 8 * 3 + 5}, {"group", 5}, {"passes", 8}}}});
  return cases;
}

}  // namespace workbook::docs
