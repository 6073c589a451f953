#include <algorithm>
#include <deque>
#include <set>
#include <tuple>
#include <vector>

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

namespace {

constexpr int kPageTokens = 16;

/// Sequences as lists of pages. Who has a page is found by looking at all lists; nothing is counted along the way.
struct Pool {
  std::vector<std::vector<int>> pages;
  std::vector<int> lengths;
  int copies = 0;

  std::int64_t owners(int page) const {
    return std::ranges::count_if(pages, [=](const auto& list) { return std::ranges::count(list, page) > 0; });
  }
  int free_page() const {
    int page = 0;
    while (owners(page) > 0) ++page;
    return page;
  }
  int slot(std::size_t n, int token) const {
    return pages[n][static_cast<std::size_t>(token / kPageTokens)] * kPageTokens + token % kPageTokens;
  }
  void append(std::size_t n) {
    std::vector<int>& list = pages[n];
    if (lengths[n]++ % kPageTokens == 0) {
      list.push_back(free_page());
    } else if (owners(list.back()) > 1) {
      list.back() = free_page();
      ++copies;
    }
  }
};

}  // namespace

json block_table() {
  json cases = json::array();
  for (const auto& [prompt, forks, own, freed, sequence, token] : {std::tuple{21, 2, 1, 0, 2, 21},
                                                                   {21, 2, 0, 0, 3, 20},
                                                                   {32, 3, 5, 0, 4, 36},
                                                                   {40, 3, 24, 0, 4, 63},
                                                                   {40, 3, 24, 2, 4, 17},
                                                                   {1, 0, 0, 0, 1, 0},
                                                                   {19, 1, 13, 1, 2, 31},
                                                                   {33, 2, 7, 3, 1, 0}}) {
    Pool pool{{{}}, {0}};
    for (int i = 0; i < prompt; ++i) pool.append(0);
    for (int i = 0; i < forks; ++i) pool.pages.push_back(pool.pages[0]), pool.lengths.push_back(prompt);
    for (int i = 0; i < own; ++i)
      for (std::size_t n = 0; n < pool.pages.size(); ++n) pool.append(n);
    for (std::size_t n = 0; n < static_cast<std::size_t>(freed); ++n) pool.pages[n].clear(), pool.lengths[n] = 0;
    std::set<int> used, shared, taken;  // pages; pages; slots with a token
    std::size_t entries = 0;
    for (std::size_t n = 0; n < pool.pages.size(); ++n) {
      entries += pool.pages[n].size();
      for (const int page : pool.pages[n]) {
        used.insert(page);
        if (pool.owners(page) > 1) shared.insert(page);
      }
      for (int i = 0; i < pool.lengths[n]; ++i) taken.insert(pool.slot(n, i));
    }
    const auto chosen = static_cast<std::size_t>(sequence - 1);
    const bool there = pool.lengths[chosen] > 0;
    const int slot = there ? pool.slot(chosen, token) : -1;
    cases.push_back({{"state",
                      {{"prompt", prompt},
                       {"forks", forks},
                       {"own", own},
                       {"freed", freed},
                       {"sequence", sequence},
                       {"token", token}}},
                     {"numbers",
                      {{"slot", slot},
                       {"used", used.size()},
                       {"shared", shared.size()},
                       {"unshared", entries},
                       {"copies", pool.copies},
                       {"empty", kPageTokens * used.size() - taken.size()}}},
                     {"marks", {{"entry", entries}, {"page", 16}, {"slot", 256}, {"now", there ? 2 : 0}}}});
  }
  return cases;
}

}  // namespace workbook::docs
