#include "gates.h"

using namespace workbook;
using namespace workbook::cuda_tensor_cores;

namespace {

/// All answers of one of the three functions, [lane, i, row or column].
template <auto F>
Tensor places(int elements) {
  Tensor result({32, elements, 2});
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < elements; ++i) {
      const Place place = student<F>(lane, i);
      result.at(lane, i, 0) = static_cast<float>(place.row);
      result.at(lane, i, 1) = static_cast<float>(place.col);
    }
  return result;
}

/// The same of f(g, t, i), where g is lane / 4 and t is lane % 4.
template <class F>
Tensor64 layout(int elements, F f) {
  Tensor64 result({32, elements, 2});
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < elements; ++i) {
      const Place place = f(lane / 4, lane % 4, i);
      result.at(lane, i, 0) = place.row;
      result.at(lane, i, 1) = place.col;
    }
  return result;
}

}  // namespace

TEST_CASE("the scores of a tile are products of 16 x 16 x 16", "[basic][wmma_attention][3pt]") {
  const auto in = halves({.q_len = kTile, .kv_len = kTile, .head_dim = 64}, 2);
  CHECK_THAT((flash<wmma_attention>(in, Mask::none).output), output_of(in.wide, Mask::none));
  check_flop(problem_of<Problem>(in.wide, Mask::none));
  check_traffic(problem_of<Problem>(in.wide, Mask::none));
}

TEST_CASE("wmma: the softmax goes on from tile to tile", "[basic][wmma_attention][4pt]") {
  const auto in = halves({.batch = 2, .q_len = 40, .kv_len = 160, .head_dim = 32}, 2);
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  check_flash(flash<wmma_attention>(in, mask), in.wide, mask);
}

TEST_CASE("wmma: any length, any head_dim that 16 divides", "[basic][wmma_attention][3pt]") {
  const auto [heads, q_len, kv_len, head_dim] =
      GENERATE(table<int, int, int, int>({{2, 1, 1, 48}, {2, 65, 70, 16}, {1, 70, 33, 128}, {1, 3, 100, 80}}));
  const auto in = halves({.heads = heads, .kv_heads = 1, .q_len = q_len, .kv_len = kv_len, .head_dim = head_dim}, 2);
  check_flash(flash<wmma_attention>(in, Mask::causal), in.wide, Mask::causal);
}

TEST_CASE("who holds what of a", "[basic][a_element][2pt]") {
  CHECK_THAT(places<a_element>(8),
             matches(layout(8,
                            [](int g, int t, int i) {
                              return Place{g + i / 2 % 2 * 8, 2 * t + i % 2 + i / 4 * 8};
                            }),
                     exact("places are whole numbers; the axes are lane, element, and row or column"))
                 .but_not(
                     [] {
                       return layout(8, [](int g, int t, int i) {
                         return Place{g + i / 4 * 8, 2 * t + i % 2 + i / 2 % 2 * 8};
                       });
                     },
                     "registers 1 and 2 have changed places: register 1 is of the rows 8 below, register 2 of the "
                     "columns 8 to the right")
                 .but_not(
                     [] {
                       return layout(8, [](int g, int t, int i) {
                         return Place{2 * t + i % 2 + i / 4 * 8, g + i / 2 % 2 * 8};
                       });
                     },
                     "rows and columns have changed places: a pair of a stands side by side in a row")
                 .but_not(
                     [] {
                       return layout(8, [](int g, int t, int i) {
                         return Place{t + i / 2 % 2 * 8, 2 * g + i % 2 + i / 4 * 8};
                       });
                     },
                     "lane / 4 and lane % 4 have changed places: four neighbouring lanes share a row"));
}

TEST_CASE("who holds what of b", "[basic][b_element][2pt]") {
  CHECK_THAT(
      places<b_element>(4),
      matches(layout(4,
                     [](int g, int t, int i) {
                       return Place{2 * t + i % 2 + i / 2 * 8, g};
                     }),
              exact("places are whole numbers; the axes are lane, element, and row or column"))
          .but_not([] { return layout(4, [](int g, int t, int i) {
                          return Place{g, 2 * t + i % 2 + i / 2 * 8};
                        }); },
                   "rows and columns have changed places: b has 16 rows and 8 columns, and a pair stands one "
                   "below the other")
          .but_not([] { return layout(4, [](int g, int t, int i) {
                          return Place{g + i / 2 * 8, 2 * t + i % 2};
                        }); },
                   "this is c's layout: a pair of b stands one below the other"));
}

TEST_CASE("who holds what of c", "[basic][c_element][2pt]") {
  CHECK_THAT(
      places<c_element>(4),
      matches(layout(4,
                     [](int g, int t, int i) {
                       return Place{g + i / 2 * 8, 2 * t + i % 2};
                     }),
              exact("places are whole numbers; the axes are lane, element, and row or column"))
          .but_not([] { return layout(4, [](int g, int t, int i) {
                          return Place{2 * t + i % 2, g + i / 2 * 8};
                        }); },
                   "rows and columns have changed places: a pair of c stands side by side in a row")
          .but_not([] { return layout(4, [](int g, int t, int i) {
                          return Place{g + i % 2 * 8, 2 * t + i / 2};
                        }); },
                   "elements 1 and 2 have changed places: the first two are side by side, the last two 8 rows "
                   "below"));
}

TEST_CASE("one warp multiplies two matrices", "[basic][product][3pt]") {
  const auto a = rounded_to<float16>(random_normal({16, 16})), b = rounded_to<float16>(random_normal({16, 8}));
  Tensor c({16, 8});
  student<product>(a, b, c, {});
  const auto sums = [&](auto f) {
    Tensor64 result({16, 8});
    for (int i = 0; i < 16; ++i)
      for (int j = 0; j < 8; ++j)
        for (int k = 0; k < 16; ++k) result.at(i, j) += f(i, j, k);
    return result;
  };
  const auto x = to_double(a), y = to_double(b);
  CHECK_THAT(c, matches(sums([&](int i, int j, int k) { return x.at(i, k) * y.at(k, j); }),
                        {64 * kUnitRoundoff * 16, 0, "rounding of 16 products"})
                    .but_not([&] { return sums([&](int i, int j, int k) { return x.at(k, i) * y.at(k, j); }); },
                             "a is transposed")
                    .but_not([&] { return sums([&](int i, int j, int k) { return x.at(i, k) * y.at(k ^ 1, j); }); },
                             "the pairs of one factor are in the wrong order: the lower half of a register holds the "
                             "first element")
                    .but_not([&] { return sums([&](int i, int j, int k) { return x.at(i ^ 8, k) * y.at(k, j); }); },
                             "rows 0-7 and 8-15 have changed places"));
  CHECK(device().launches.at(0).operations.matrix_flop == 2 * 16 * 8 * 16);
}

TEST_CASE("8 rows have a chunk in 8 places", "[basic][swizzled][3pt]") {
  const int chunks = row_chunks(128);
  std::vector<int> rows;  // of the first two groups of 8, and of the last
  for (int row = 0; row < kTile; ++row)
    if (row < 16 || row >= kTile - 8) rows.push_back(row);
  std::vector<std::vector<int>> where;
  for (const int row : rows)
    for (int chunk = 0; chunk < chunks; ++chunk) {
      if (chunk == 0) where.emplace_back();
      where.back().push_back(student<swizzled>(row, chunk));
      CHECK_THAT(where.back().back() / 8 == chunk / 8 && where.back().back() >= 0,
                 otherwise(fmt::format("chunk {} of row {} lies at {}, in another group of 8: a row of head_dim 64 has "
                                       "one group only",
                                       chunk, row, where.back().back())));
      for (int other = 0; other < chunk; ++other)
        CHECK_THAT(where.back().back() != where.back()[static_cast<std::size_t>(other)],
                   otherwise(fmt::format("chunks {} and {} of row {} both lie at {}: one would overwrite the other",
                                         other, chunk, row, where.back().back())));
    }
  for (std::size_t n = 0; n < rows.size(); ++n)
    for (std::size_t other = n / 8 * 8; other < n; ++other)
      for (std::size_t chunk = 0; chunk < where[n].size(); ++chunk)
        CHECK_THAT(
            where[n][chunk] % 8 != where[other][chunk] % 8,
            otherwise(fmt::format("chunk {} lies at {} in row {} and at {} in row {}: in the same banks, so that "
                                  "ldmatrix takes two passes for them",
                                  chunk, where[other][chunk], rows[other], where[n][chunk], rows[n])));
}

TEST_CASE("a tile of scores", "[basic][tile_scores][4pt]") {
  check_scores(halves({.q_len = kTile, .kv_len = kTile, .head_dim = 64}));
}

TEST_CASE("tiles with fewer rows, and any head_dim that 16 divides", "[basic][tile_scores][3pt]") {
  const auto [queries, keys] = GENERATE(table<int, int>({{64, 5}, {1, 64}, {17, 39}}));
  const auto [head_dim, scale] = GENERATE(table<int, float>({{16, 0.7f}, {48, -3.f}, {80, 0.7f}, {128, -3.f}}));
  check_scores(halves({.q_len = queries, .kv_len = keys, .head_dim = head_dim}), scale);
}

TEST_CASE("a tile is read without bank conflicts", "[basic][tile_scores][ncu][3pt]") {
  const int head_dim = GENERATE(64, 128);
  check_scores(halves({.q_len = kTile, .kv_len = kTile, .head_dim = head_dim}));
  check_banks();
  const auto shared = device().shared();
  remark(
      fmt::format("head_dim {}: {} passes over shared memory, {} would do", head_dim, shared.wavefronts, shared.ideal));
}

TEST_CASE("scores become weights in their registers", "[basic][mma_attention][4pt]") {
  const auto in = halves({.q_len = kTile, .kv_len = kTile, .head_dim = 64}, 2);
  CHECK_THAT((flash<mma_attention>(in, Mask::none).output), output_of(in.wide, Mask::none));
  check_banks();
}

TEST_CASE("mma: the softmax goes on from tile to tile", "[basic][mma_attention][4pt]") {
  const auto in = halves({.batch = 2, .q_len = 40, .kv_len = 160, .head_dim = 32}, 2);
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  check_flash(flash<mma_attention>(in, mask), in.wide, mask);
}

TEST_CASE("mma: any length, any head_dim that 16 divides", "[basic][mma_attention][4pt]") {
  const auto [heads, q_len, kv_len, head_dim] = GENERATE(
      table<int, int, int, int>({{2, 1, 1, 48}, {2, 65, 70, 16}, {1, 70, 33, 128}, {1, 3, 100, 80}, {1, 33, 64, 96}}));
  const auto in = halves({.heads = heads, .kv_heads = 1, .q_len = q_len, .kv_len = kv_len, .head_dim = head_dim}, 2);
  check_flash(flash<mma_attention>(in, Mask::causal), in.wide, Mask::causal);
}

TEST_CASE("mma: multiplies the tiles that are visited, and loads them once", "[basic][mma_attention][ncu][3pt]") {
  const auto [q_len, head_dim, mask] =
      GENERATE(table<int, int, Mask>({{128, 64, Mask::causal}, {64, 128, Mask::none}}));
  const auto in = halves({.q_len = q_len, .kv_len = 150, .head_dim = head_dim});
  CHECK_THAT((flash<mma_attention>(in, mask).output), matches_attention(in.wide, formula(in.wide, mask)));
  check_flop(problem_of<Problem>(in.wide, mask));
  check_traffic(problem_of<Problem>(in.wide, mask));
  check_banks();
}

TEST_CASE("bfloat16 takes the same way", "[basic][mma_attention_bf16][2pt]") {
  const auto in = bfloats({.heads = 2, .kv_heads = 1, .q_len = 40, .kv_len = 100, .head_dim = 32}, 2);
  check_flash(flash<mma_attention_bf16>(in, Mask::causal), in.wide, Mask::causal);
}

TEST_CASE("pipelined: a tile is there when it is multiplied", "[basic][pipelined_attention][4pt]") {
  const auto in = halves({.q_len = 40, .kv_len = GENERATE(64, 160, 300), .head_dim = 32}, 2);
  check_flash(flash<pipelined_attention>(in, Mask::none), in.wide, Mask::none);
}

TEST_CASE("pipelined: any length, any head_dim that 16 divides", "[basic][pipelined_attention][4pt]") {
  const auto [heads, q_len, kv_len, head_dim] = GENERATE(
      table<int, int, int, int>({{2, 1, 1, 48}, {2, 65, 70, 16}, {1, 70, 33, 128}, {1, 3, 140, 80}, {1, 33, 64, 96}}));
  const auto in = halves({.heads = heads, .kv_heads = 1, .q_len = q_len, .kv_len = kv_len, .head_dim = head_dim}, 2);
  check_flash(flash<pipelined_attention>(in, Mask::causal), in.wide, Mask::causal);
}

TEST_CASE("pipelined: a tile travels while another is multiplied", "[basic][pipelined_attention][ncu][3pt]") {
  const auto [q_len, head_dim, mask] =
      GENERATE(table<int, int, Mask>({{128, 64, Mask::causal}, {64, 128, Mask::none}}));
  const auto in = halves({.q_len = q_len, .kv_len = 150, .head_dim = head_dim});
  CHECK_THAT((flash<pipelined_attention>(in, mask).output), matches_attention(in.wide, formula(in.wide, mask)));
  check_flop(problem_of<Problem>(in.wide, mask));
  check_traffic(problem_of<Problem>(in.wide, mask));
  check_banks();
  check_overlap(problem_of<Problem>(in.wide, mask));
}

TEST_CASE("bfloat16 in the pipeline", "[basic][pipelined_attention_bf16][2pt]") {
  const auto in = bfloats({.heads = 2, .kv_heads = 1, .q_len = 40, .kv_len = 170, .head_dim = 32}, 2);
  check_flash(flash<pipelined_attention_bf16>(in, Mask::causal), in.wide, Mask::causal);
}
