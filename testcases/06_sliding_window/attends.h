#pragma once
/// What attention over a part of the keys should return, and what comes out when somebody has one idea wrong.

#include <cmath>

#include "common/checker/attention/attends.h"
#include "common/checker/attention/large_inputs.h"
#include "windows.h"

namespace workbook::sliding_window {

using namespace attention_tests;

inline Inputs random_inputs(std::int64_t batch, std::int64_t heads, const Window& w, std::int64_t head_dim,
                            float stddev = 1) {
  return attention_tests::random_inputs(
      {.batch = batch, .heads = heads, .q_len = w.q_len, .kv_len = w.kv_len, .head_dim = head_dim}, stddev);
}

/// Of many elements, for tests of memory.
inline Inputs large_inputs(std::int64_t heads, const Window& w, std::int64_t head_dim) {
  return uniform_inputs({.heads = heads, .q_len = w.q_len, .kv_len = w.kv_len, .head_dim = head_dim});
}

/// x with `count` rows of zeros before the first.
inline Tensor behind_zeros(const Tensor& x, std::int64_t count) {
  Tensor result({x.dim(0), x.dim(1), count + x.dim(2), x.dim(3)});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h) rows(result.matrix(b, h), count, x.dim(2)) = x.matrix(b, h);
  return result;
}

/// Knows what goes wrong with scales and operands, whichever pairs are seen.
inline Matches but_not_another_operand(Matches matcher, const Inputs& in, const oracle::Visible& visible) {
  const oracle::Attention right{.visible = visible};
  const auto with = changes_of_attention(in, right);
  const auto scaled = [=](double scale) { return with([=](auto& a) { a.scale = scale; })(); };
  return but_not_another_scale(std::move(matcher), {}, in.q.dim(3), in.q.dim(1), scaled)
      .but_not(with([](auto& a) { a.mask_after_softmax = true; }),
               "the softmax was taken over all keys, and the far ones hidden afterwards: they have lost their values "
               "but still have their share of the denominator");
}

/// Knows what goes wrong in rows, whichever pairs they hold.
inline Matches but_not_another_softmax(Matches matcher, const Inputs& in, const oracle::Visible& visible) {
  const oracle::Attention right{.visible = visible};
  const auto with = changes_of_attention(in, right);
  const auto scaled = [=](double scale) { return with([=](auto& a) { a.scale = scale; })(); };
  const WithSlip slips = slips_of_attention(in, right);
  const double root = 1 / std::sqrt(static_cast<double>(in.q.dim(3)));
  matcher = but_not_another_row(but_not_another_head(std::move(matcher), in, right), slips);
  matcher = but_not_another_base(std::move(matcher), root, in.q.dim(3), in.q_len(), in.kv_len(), scaled);
  if (in.q.size() * in.kv_len() > kAffordable) return matcher;
  matcher = but_not_a_sentinel(but_not_another_walk(std::move(matcher), slips), slips);
  return but_not_cut_off(std::move(matcher), in.q_len(), in.kv_len(), in.q.dim(3), slips);
}

/// Knows the mistakes that people make with windows.
inline Matches but_not_another_window(Matches matcher, const Inputs& in, const Window& w) {
  const auto make = [in](const oracle::Visible& visible) {
    return oracle::attention(in.q, in.k, in.v, {.visible = visible});
  };
  const auto padded = [in, w](std::int64_t before) {
    return [in, w, before] {
      Window wider = w;
      wider.kv_len += before;
      return oracle::attention(in.q, behind_zeros(in.k, before), behind_zeros(in.v, before),
                               {.visible = wider.visible()});
    };
  };
  Matches right =
      but_not_another_sight(but_not_another_operand(std::move(matcher), in, w.visible()), wrong_sights(w), make);
  if (w.window <= 2 * w.kv_len)  // the padding has as many rows
    std::move(right).but_not(
        padded(w.window - 1),
        "near the start of the sequence, where the window is cut, the keys that are not there take part in the "
        "softmax with score 0, and exp(0) = 1. A row of scores must be as short as its range");
  return but_not_another_softmax(std::move(right), in, w.visible());
}

/// Matches sliding_window_attention(q, k, v, window, mask), and knows the mistakes that people make.
inline Matches attends_to_window(const Inputs& in, const Window& w) {
  return matches_attention(in, {.visible = w.visible()}).knowing([in, w](Matches matcher) {
    return but_not_another_window(std::move(matcher), in, w);
  });
}

/// How block_sparse_attention is called.
struct Blocks {
  TensorOf<bool> layout;
  std::int64_t block_size = 1;
  Mask mask = Mask::causal;
  std::int64_t q_len = 1, kv_len = 1;

  oracle::Visible visible() const { return oracle::in_blocks(layout, block_size, mask, q_len, kv_len); }
};

/// Each block with a softmax of its own: the sum over blocks, or their mean.
inline Tensor64 softmax_of_each_block(const Inputs& in, const Blocks& blocks, bool mean) {
  Tensor64 sum(in.q.shape());
  TensorOf<std::int64_t> seen({blocks.q_len});
  for (std::int64_t column = 0; column < blocks.layout.dim(1); ++column) {
    const auto here = [=, see = blocks.visible()](std::int64_t i, std::int64_t j) {
      return j / blocks.block_size == column && see(i, j);
    };
    const Tensor64 part = oracle::attention(in.q, in.k, in.v, {.visible = here});
    for (std::int64_t e = 0; e < sum.size(); ++e) sum.values()[e] += part.values()[e];
    for (std::int64_t i = 0; i < blocks.q_len; ++i) seen.at(i) += here(i, column * blocks.block_size);
  }
  if (mean)
    for (std::int64_t e = 0; e < sum.size(); ++e)
      sum.values()[e] /= static_cast<double>(std::max<std::int64_t>(1, seen.at(e / in.q.dim(3) % blocks.q_len)));
  return sum;
}

/// Knows the mistakes that people make with blocks.
inline Matches but_not_other_blocks(Matches matcher, const Inputs& in, const Blocks& blocks) {
  const auto seen = [in](oracle::Visible visible) {
    return [in, visible] { return oracle::attention(in.q, in.k, in.v, {.visible = visible}); };
  };
  const oracle::Visible right = blocks.visible();
  const auto& [layout, size, mask, q_len, kv_len] = blocks;
  const std::int64_t shift = kv_len - q_len, whole = kv_len / size * size;
  Blocks uncaused = blocks;
  uncaused.mask = Mask::none;
  matcher =
      but_not_another_operand(std::move(matcher), in, right)
          .but_not(seen([=](std::int64_t i, std::int64_t j) { return shift == 0 && j < whole && right(i, j); }),
                   "the last block is missing: it has fewer than block_size keys, but it is a block")
          .but_not(
              seen([=, layout = layout, size = size, mask = mask](std::int64_t i, std::int64_t j) {
                return layout.at(i / size, j / size) && (mask == Mask::none || j <= i + shift);
              }),
              "query i was taken to be in block i / block_size. Its position is i + kv_len - q_len, and its block is "
              "that by block_size")
          .but_not(seen([=, layout = layout, size = size, mask = mask](std::int64_t i, std::int64_t j) {
                     return layout.at(std::max<std::int64_t>(0, i / size * size + shift) / size, j / size) &&
                            (mask == Mask::none || j <= i + shift);
                   }),
                   "block_size queries from query 0 on were taken for one block, that of the first of them. Blocks are "
                   "of positions: where kv_len - q_len is no multiple of block_size, such queries are of two blocks")
          .but_not(seen([=, layout = layout, size = size, mask = mask](std::int64_t i, std::int64_t j) {
                     return layout.at(j / size, (i + shift) / size) && (mask == Mask::none || j <= i + shift);
                   }),
                   "the layout was read the other way round: layout.at(block of the query, block of the key)")
          .but_not(seen([=, size = size, see = uncaused.visible()](std::int64_t i, std::int64_t j) {
                     return see(i, j) && j / size <= (i + shift) / size;
                   }),
                   "within its own block, a query sees later keys: a causal mask cuts through that block")
          .but_not(seen(uncaused.visible()),
                   "there is no causal mask: a query sees later keys, in all blocks of its row")
          .but_not(seen([=](std::int64_t i, std::int64_t j) { return j <= i + shift; }), "the layout is ignored")
          .but_not(seen([=](std::int64_t, std::int64_t) { return true; }), "the layout and the mask are ignored")
          .but_not(seen([=](std::int64_t i, std::int64_t j) { return right(i, j) && !(j == i + shift); }),
                   "a query does not see the key at its own position")
          .but_not(
              [=] { return softmax_of_each_block(in, blocks, false); },
              "every block has a softmax of its own, and the results were added: all the keys that a query sees share "
              "one denominator")
          .but_not(
              [=] { return softmax_of_each_block(in, blocks, true); },
              "every block has a softmax of its own, and the results were averaged: all the keys that a query sees "
              "share one denominator");
  return but_not_another_softmax(std::move(matcher), in, right);
}

/// Matches block_sparse_attention(q, k, v, layout, block_size, mask), and knows the mistakes that people make.
inline Matches attends_to_blocks(const Inputs& in, const Blocks& blocks) {
  return matches_attention(in, {.visible = blocks.visible()}).knowing([in, blocks](Matches matcher) {
    return but_not_other_blocks(std::move(matcher), in, blocks);
  });
}

/// x with the row of key j, in every batch and head, NaN, or infinite.
inline Tensor poisoned(Tensor x, std::int64_t j, float poison = std::nanf("")) {
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h) std::ranges::fill(x.row(b, h, j), poison);
  return x;
}

inline const std::string kPoisonedKeys =
    "NaN is in the rows of queries that do not see the key. Was its score computed, and then hidden? NaN + -inf is "
    "NaN, "
    "and so is NaN * 0: what is hidden need not be computed at all";
inline const std::string kPoisonedValues =
    "NaN is in the rows of queries that do not see the value. Was it multiplied with a weight of 0? 0 * NaN is NaN: a "
    "value that is not seen must not take part in the product at all";

/// Matches a call that reads keys, or values, for at most twice these pairs, all queries together.
inline ReadsAtMost reads_pairs(const Tensor& argument, const std::string& what, std::int64_t pairs,
                               std::int64_t all_pairs) {
  const double row = 4 * static_cast<double>(argument.dim(3)), all = row * static_cast<double>(all_pairs);
  return reads_at_most(
             argument, 2 * row * static_cast<double>(pairs),
             fmt::format("the {} of the {} (query, key) pairs that are seen, and as many again. A query reads "
                         "no key that it does not see, and none again and again",
                         what, pairs))
      .but_if([=](double read) { return read > 0.9 * all; },
              "this is about what all pairs of queries and keys read. Are they all computed, and then most of them "
              "hidden? The result is right, the work is what it was when every key was seen")
      .but_if([=](double read) { return read > 0.4 * all && read < 0.6 * all; },
              "this is about what half of all pairs read. Is only the causal mask used to skip keys?");
}

}  // namespace workbook::sliding_window
