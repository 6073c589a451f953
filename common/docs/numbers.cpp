// Prints what the interactive figures (docs/interactive/) must show for some settings of their controls, as JSON. The
// numbers come from the oracles and lesson 17's contract, by definition: no chunk, no tile walk, no head map of the
// figures' own.

#include <array>
#include <cmath>
#include <iostream>

#include "common/docs/numbers.h"
#include "common/oracle/attention.h"
#include "common/oracle/softmax.h"
#include "lessons/17_cuda_flash/cuda_flash.h"

using namespace workbook;
using docs::json;

namespace {

json online_softmax() {
  const std::vector<float> logits{0.4f, -1.2f, 1.6f, 0.3f, 2.9f, -0.5f, 1.1f, 3.4f, -2.0f, 0.8f, 2.2f, -0.7f};
  const std::vector<float> values{1.0f, -0.5f, 0.2f, 2.0f, -1.0f, 0.6f, 1.4f, 0.3f, -2.0f, 1.2f, -0.8f, 0.5f};
  json cases = json::array({{{"state", {{"chunk", 4}, {"chunks", 0}}},
                             {"numbers", {{"seen", 0}, {"m", nullptr}, {"l", 0}, {"output", 0}}},
                             {"marks", {{"bar", 12}, {"unseen", 12}}}}});
  for (const int chunk : {1, 3, 5, 12})
    for (int chunks = 1; chunks <= (12 + chunk - 1) / chunk; ++chunks) {
      const int seen = std::min(12, chunk * chunks), before = chunk * (chunks - 1);
      const auto first = [](const std::vector<float>& all, int count) {
        return Tensor({count}, std::span(all.data(), static_cast<std::size_t>(count)));
      };
      const auto largest = [&](int count) { return *std::max_element(logits.begin(), logits.begin() + count); };
      const Tensor64 weights = oracle::softmax(first(logits, seen));
      double output = 0;
      for (int j = 0; j < seen; ++j) output += weights.at(j) * double{values[static_cast<std::size_t>(j)]};
      const double m = largest(seen);
      cases.push_back({{"state", {{"chunk", chunk}, {"chunks", chunks}}},
                       {"numbers",
                        {{"seen", seen},
                         {"m", m},
                         {"rescale", before ? std::exp(largest(before) - m) : 1},
                         {"l", std::exp(oracle::log_sum_exp(first(logits, seen)).at(0) - m)},
                         {"output", output}}},
                       {"marks", {{"now", seen - before}, {"unseen", 12 - seen}}}});
    }
  return cases;
}

/// How many of [size] in steps of `block`: the number of blocks.
std::int64_t blocks_of(std::int64_t size, std::int64_t block) { return (size + block - 1) / block; }

json mask_explorer() {
  json cases = json::array();
  for (const auto& [q_len, kv_len] : {std::pair{12, 16}, {16, 16}, {1, 16}, {7, 3}, {5, 11}})
    for (const bool causal : {false, true})
      for (const int window : {0, 1, 4})
        for (const int block : {1, 3, 8}) {
          const auto visible = oracle::visible(causal ? Mask::causal : Mask::none, q_len, kv_len);
          std::int64_t pairs = 0, blind = 0;
          std::vector<std::int64_t> in_tile(
              static_cast<std::size_t>(blocks_of(q_len, block) * blocks_of(kv_len, block)));
          for (int i = 0; i < q_len; ++i) {
            const std::int64_t before = pairs;
            for (int j = 0; j < kv_len; ++j)
              if ((!visible || visible(i, j)) && (window == 0 || std::abs(i + kv_len - q_len - j) < window)) {
                ++pairs;
                ++in_tile[static_cast<std::size_t>(i / block * blocks_of(kv_len, block) + j / block)];
              }
            blind += pairs == before;
          }
          const auto skipped = std::count(in_tile.begin(), in_tile.end(), 0);
          std::int64_t full = 0;
          for (std::int64_t t = 0; t < std::ssize(in_tile); ++t) {
            const std::int64_t rows = std::min<std::int64_t>(block, q_len - t / blocks_of(kv_len, block) * block);
            const std::int64_t cols = std::min<std::int64_t>(block, kv_len - t % blocks_of(kv_len, block) * block);
            full += in_tile[static_cast<std::size_t>(t)] == rows * cols;
          }
          cases.push_back(
              {{"state",
                {{"q_len", q_len}, {"kv_len", kv_len}, {"causal", causal}, {"window", window}, {"block", block}}},
               {"numbers",
                {{"pairs", pairs},
                 {"blind", blind},
                 {"full", full},
                 {"partial", std::ssize(in_tile) - full - skipped},
                 {"skipped", skipped}}},
               {"marks", {{"visible", pairs}, {"cell", q_len * kv_len}}}});
        }
  return cases;
}

json head_map() {
  json cases = json::array();
  for (const int heads : {1, 8, 12, 16}) {
    int choice = 0;
    for (int kv_heads = 1; kv_heads <= heads; ++kv_heads) {
      if (heads % kv_heads) continue;
      ++choice;
      // Every KV head holds its own number; where it is found after repeat_kv is who reads it.
      Tensor kv({1, kv_heads, 1, 1});
      for (int g = 0; g < kv_heads; ++g) kv.at(0, g, 0, 0) = float(g);
      const Tensor64 repeated = oracle::repeat_kv(kv, heads / kv_heads);
      for (const int head : {0, heads / 3, heads - 1})
        cases.push_back({{"state", {{"heads", heads}, {"choice", choice}, {"head", head}}},
                         {"numbers",
                          {{"n_rep", heads / kv_heads},
                           {"reads", std::int64_t(repeated.at(0, head, 0, 0))},
                           {"mib", 2.0 * kv_heads * 4096 * 128 * 2 / (1 << 20)}}},
                         {"marks", {{"query", heads}, {"kv", kv_heads}}}});
    }
  }
  return cases;
}

/// (row, column) of the tiles in which some query sees a key, row by row.
std::vector<std::pair<int, int>> seen_tiles(bool causal, int seq, int block_q, int block_kv) {
  const auto visible = oracle::visible(causal ? Mask::causal : Mask::none, seq, seq);
  std::vector<std::pair<int, int>> tiles;
  for (int row = 0; row * block_q < seq; ++row)
    for (int column = 0; column * block_kv < seq; ++column) {
      bool seen = false;
      for (int i = row * block_q; i < std::min(seq, (row + 1) * block_q); ++i)
        for (int j = column * block_kv; j < std::min(seq, (column + 1) * block_kv); ++j)
          seen = seen || !visible || visible(i, j);
      if (seen) tiles.emplace_back(row, column);
    }
  return tiles;
}

json tile_walk() {
  constexpr int kHeadDim = 64, kBytes = 4;
  json cases = json::array();
  for (const auto& [seq, block_q, block_kv] :
       {std::tuple{64, 16, 16}, {64, 64, 64}, {50, 7, 13}, {96, 32, 8}, {8, 4, 4}})
    for (const bool causal : {false, true}) {
      const auto tiles = seen_tiles(causal, seq, block_q, block_kv);
      const auto count = static_cast<int>(tiles.size());
      std::int64_t traffic = 2 * seq * kHeadDim;
      for (const auto& [row, column] : tiles) traffic += 2 * kHeadDim * std::min(block_kv, seq - column * block_kv);
      cases.push_back({{"state",
                        {{"seq", seq},
                         {"block_q", block_q},
                         {"block_kv", block_kv},
                         {"causal", causal},
                         {"step", std::min(3, count)}}},
                       {"numbers",
                        {{"tiles", count},
                         {"skipped", blocks_of(seq, block_q) * blocks_of(seq, block_kv) - count},
                         {"workspace", kBytes * (block_q * block_kv + block_q * kHeadDim + 2 * block_q)},
                         {"unfused_workspace", kBytes * seq * seq},
                         {"traffic", kBytes * traffic},
                         {"unfused_traffic", kBytes * (4 * seq * kHeadDim + 4 * seq * seq)}}},
                       {"marks", {{"tile", count}, {"now", 1}, {"seen", std::min(3, count) - 1}}}});
    }
  return cases;
}

json backward_tiles() {
  constexpr int kHeadDim = 64, kBytes = 4;
  json cases = json::array();
  for (const auto& [seq, block_q, block_kv, step] :
       {std::tuple{64, 16, 8, 9}, {37, 5, 8, 4}, {128, 32, 4, 1}, {96, 32, 40, 3}, {8, 4, 4, 2}})
    for (const bool causal : {false, true}) {
      const auto tiles = seen_tiles(causal, seq, block_q, block_kv);
      const auto count = static_cast<int>(tiles.size());
      const auto now = tiles[static_cast<std::size_t>(std::min(step, count) - 1)];
      const auto adds = [&](auto same) { return std::count_if(tiles.begin(), tiles.end(), same); };
      cases.push_back({{"state",
                        {{"seq", seq},
                         {"block_q", block_q},
                         {"block_kv", block_kv},
                         {"causal", causal},
                         {"step", std::min(step, count)}}},
                       {"numbers",
                        {{"tiles", count},
                         {"skipped", blocks_of(seq, block_q) * blocks_of(seq, block_kv) - count},
                         {"products", 5 * count},
                         {"to_dq", adds([&](const auto& tile) { return tile.first == now.first; })},
                         {"to_dk", adds([&](const auto& tile) { return tile.second == now.second; })},
                         {"kept", kBytes * seq * kHeadDim + kBytes * seq},
                         {"unfused_kept", kBytes * seq * seq}}},
                       {"marks", {{"tile", count}, {"now", 1}, {"read", 6}, {"added", 3}}}});
    }
  return cases;
}

json chunks() {
  json cases = json::array();
  for (const auto& [seq, head_dim, chunk] :
       {std::tuple{32, 8, 8}, {32, 8, 1}, {32, 8, 32}, {29, 5, 4}, {64, 64, 7}, {4, 1, 3}}) {
    const auto visible = oracle::visible(Mask::causal, seq, seq);
    std::int64_t pairs = 0, all = 0;
    for (int i = 0; i < seq; ++i)
      for (int j = 0; j < seq; ++j) {
        all += visible(i, j);
        pairs += visible(i, j) && i / chunk == j / chunk;
      }
    const std::int64_t pair = 2 * 2 * head_dim, position = 2 * 2 * head_dim * head_dim;
    cases.push_back({{"state", {{"seq", seq}, {"head_dim", head_dim}, {"chunk", chunk}}},
                     {"numbers",
                      {{"pairs", pairs},
                       {"in_state", all - pairs},
                       {"held", head_dim * (head_dim + 1) + chunk * chunk},
                       {"cumulative", seq * head_dim * (head_dim + 1)},
                       {"flops", pairs * pair + seq * position},
                       {"score_flops", all * pair}}},
                     {"marks", {{"own", seq}, {"past", blocks_of(seq, chunk) - 1}}}});
  }
  return cases;
}

/// Passes until eight lanes have read 16 bytes each, from rows 0 to 7 of a tile: a bank gives one word at a time.
int passes(int pitch) {
  std::array<int, 32> words{};
  for (int row = 0; row < 8; ++row)
    for (int word = 0; word < 4; ++word) ++words[static_cast<std::size_t>((4 * pitch * row + word) % 32)];
  return *std::max_element(words.begin(), words.end());
}

json thread_walk() {
  using namespace cuda_flash;
  json cases = json::array();
  for (const auto& [seq, head_dim, pad] : {std::tuple{110, 64, 0}, {110, 64, 1}, {128, 80, 2}, {33, 56, 4}, {32, 7, 0}})
    for (const bool causal : {false, true})
      for (const int block : {1, (seq + kTile - 1) / kTile}) {
        const auto visible = oracle::visible(causal ? Mask::causal : Mask::none, seq, seq);
        const auto sees = [&](int i, int j) { return i < seq && j < seq && (!visible || visible(i, j)); };
        std::int64_t pairs = 0, all = 0, loaded = 0;
        int steps = 0;  // of this block
        for (int b = 1; b <= (seq + kTile - 1) / kTile; ++b)
          for (int j = 0; j < seq; ++j) {
            std::int64_t readers = 0;
            for (int i = kTile * (b - 1); i < kTile * b; ++i) readers += sees(i, j);
            pairs += readers;
            if (readers == 0) continue;
            ++all;
            if (b == block) steps = j / kTile + 1;
            loaded += b <= block;
          }
        for (const int thread : {0, 13, 63}) {
          int scores = 0;
          for (int r = 0; r < 4; ++r)
            for (int j = 0; j < 4; ++j)
              scores += sees(kTile * (block - 1) + query_of(thread, r), kTile * (steps - 1) + key_of(thread, j));
          const int pitch = (head_dim + 3) / 4 + pad, row = 2 * head_dim * static_cast<int>(sizeof(float));
          cases.push_back({{"state",
                            {{"seq", seq},
                             {"head_dim", head_dim},
                             {"pad", pad},
                             {"causal", causal},
                             {"block", block},
                             {"step", steps},
                             {"thread", thread}}},
                           {"numbers",
                            {{"scores", scores},
                             {"passes", passes(pitch)},
                             {"shared", 16 * (2 * kTile * pitch + kTile * 10)},
                             {"loaded", row * loaded},
                             {"kv_bytes", row * all},
                             {"row_bytes", row * pairs}}},
                           {"marks", {{"own", 16}, {"cell", kTile * kTile}, {"bank", 64}}}});
        }
      }
  return cases;
}

}  // namespace

int main() {
  std::cout << json{{"online_softmax", online_softmax()},
                    {"mask_explorer", mask_explorer()},
                    {"head_map", head_map()},
                    {"tile_walk", tile_walk()},
                    {"backward_tiles", backward_tiles()},
                    {"chunks", chunks()},
                    {"decode_step", docs::decode_step()},
                    {"latent_cache", docs::latent_cache()},
                    {"thread_walk", thread_walk()},
                    {"fragments", docs::fragments()},
                    {"swizzle", docs::swizzle()},
                    {"block_table", docs::block_table()}};
}
