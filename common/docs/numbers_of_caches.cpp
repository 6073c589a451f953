#include <deque>
#include <tuple>

#include "common/docs/numbers.h"
#include "common/tensor/tensor.h"

namespace workbook::docs {

/// Tokens come one by one into rows that are kept in a list.
json decode_step() {
  constexpr int kRows = 16;
  json cases = json::array();
  for (const auto& [token, ring, window, share] : {std::tuple{9, false, 6, 4},
                                                   {0, false, 6, 1},
                                                   {15, false, 3, 8},
                                                   {9, true, 6, 4},
                                                   {31, true, 16, 4},
                                                   {5, true, 1, 2},
                                                   {2, true, 6, 16}}) {
    const int rows = ring ? window : kRows;
    std::deque<int> held;  // oldest first
    int row = 0;
    for (int t = 0; t <= token; ++t) {
      if (t > 0) row = row + 1 == rows ? 0 : row + 1;
      if (static_cast<int>(held.size()) == rows) held.pop_front();
      if (t < token) held.push_back(t);
    }
    // The row that is written was the oldest token's, if it was anyone's.
    const std::int64_t of_token = 2 * 2 * Tensor({8, 128}).size(), read = static_cast<std::int64_t>(held.size());
    cases.push_back({{"state", {{"token", token}, {"ring", ring}, {"window", window}, {"share", share}}},
                     {"numbers",
                      {{"row", row},
                       {"read", read},
                       {"read_bytes", of_token * read},
                       {"written_bytes", of_token},
                       {"copied_bytes", of_token * read},
                       {"cache_bytes", of_token * rows},
                       {"flops_per_byte", share}}},
                     {"marks", {{"now", 1}, {"seen", read}, {"unseen", rows - 1 - read}}}});
  }
  return cases;
}

json latent_cache() {
  json cases = json::array();
  for (const auto& [log_heads, shared, head_dim, rank, rope] :
       {std::tuple{7, 3, 128, 8, 4}, {7, 7, 128, 8, 4}, {0, 0, 64, 1, 1}, {5, 2, 57, 32, 8}}) {
    // One token's tensors in one layer, counted.
    const auto heads = std::int64_t{1} << log_heads, kv_heads = std::int64_t{1} << shared;
    const std::int64_t kv_rank = 64 * rank, rope_dim = 16 * rope, latent = kv_rank + rope_dim;
    const auto cached = [head_dim = head_dim](std::int64_t n) {
      return Tensor({1, n, 1, head_dim}).size() + Tensor({1, n, 1, head_dim}).size();
    };
    std::int64_t flops = 0;
    for (std::int64_t h = 0; h < heads; ++h) flops += 2 * latent + 2 * kv_rank;  // a score, and a latent weighted
    cases.push_back(
        {{"state", {{"heads", log_heads}, {"shared", shared}, {"head_dim", head_dim}, {"rank", rank}, {"rope", rope}}},
         {"numbers",
          {{"multi_head", cached(heads)},
           {"grouped_query", cached(kv_heads)},
           {"multi_query", cached(1)},
           {"latent", latent},
           {"kv_heads", static_cast<double>(latent) / static_cast<double>(cached(1))},
           {"flops_per_byte", static_cast<double>(flops) / static_cast<double>(2 * latent)}}},
         {"marks", {{"bar", 4}, {"now", 1}}}});
  }
  return cases;
}

}  // namespace workbook::docs
