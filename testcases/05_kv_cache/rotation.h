#pragma once
/// What rope and change_pairing should return, and what people return in their place.

#include <fmt/format.h>

#include <functional>

#include "common/checker/attention/turn.h"
#include "common/checker/student.h"

namespace workbook::kv_cache {

using attention_tests::Turn;

/// [batch, seq]: in each sequence from another position on, with gaps.
inline PositionIds some_ids(std::int64_t batch, std::int64_t seq, std::int64_t first = 0) {
  PositionIds ids({batch, seq});
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t i = 0, id = first + 7 * b; i < seq; ++i) id = ids.at(b, i) = id + random_integer(1, 4);
  return ids;
}

/// How every row turns, and by whose position id; what people get wrong is an argument.
struct Rotation {
  Turn turn = {.halves = true};
  /// The position of row (b, h, i) where it is not position_ids[b, i].
  std::function<std::int64_t(std::int64_t b, std::int64_t h, std::int64_t i)> position = {};
};

inline Tensor64 rotated(const Tensor& x, const PositionIds& ids, const Rotation& r) {
  Tensor64 out = to_double(x);
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t i = 0; i < x.dim(2); ++i)
        attention_tests::turn<double>(out.row(b, h, i), r.position ? r.position(b, h, i) : ids.at(b, i), r.turn);
  return out;
}

inline Tensor64 rotated(const Tensor& x, const PositionIds& ids, double base) {
  return rotated(x, ids, {.turn = {.halves = true, .base = base}});
}

/// Position ids that are read elsewhere, or not at all.
inline Matches but_not_another_id(Matches matcher, const Tensor& x, const PositionIds& ids, const Rotation& right) {
  const auto at = [=](auto position) {
    return [=] {
      Rotation wrong = right;
      wrong.position = position;
      return rotated(x, ids, wrong);
    };
  };
  const std::int64_t seq = x.dim(2), n = ids.size();
  const std::string own = "token i of sequence b has the position id position_ids[b, i]";
  std::move(matcher)
      .but_not(at([](auto, auto, auto i) { return i; }), "each token turns by its row, 0, 1, 2, ...: " + own)
      .but_not(at([=](auto, auto, auto i) { return ids.at(0, i); }),
               "all sequences turn by the position ids of the first: " + own)
      .but_not(at([=](auto b, auto, auto i) { return ids.at(b, 0) + i; }),
               "the positions are counted on from the first id of each sequence: " + own + ", and there may be gaps")
      .but_not(at([=](auto b, auto, auto) { return ids.at(b, 0); }),
               "all tokens of a sequence turn by its first id: " + own)
      .but_not(at([=](auto b, auto h, auto i) { return ids.values()[(b * x.dim(1) * seq + h * seq + i) % n]; }),
               "the position ids were read on from head to head: all heads of a token turn by the same id");
  for (const std::int64_t last : {127, 255, 511, 1023, 2047, 4095, 8191, 65'535})
    std::move(matcher)
        .but_not(at([=](auto b, auto, auto i) { return std::min(ids.at(b, i), last); }),
                 fmt::format("all positions after {0} turn as position {0} does: is there a table that ends there? "
                             "Position ids may be a million and more",
                             last))
        .but_not(at([=](auto b, auto, auto i) { return ids.at(b, i) % (last + 1); }),
                 fmt::format("positions begin again at 0 after {}: they may be a million and more", last));
  return std::move(matcher)
      .but_not(at([=](auto b, auto, auto i) { return std::max<std::int64_t>(ids.at(b, i), 0); }),
               "negative position ids turn as 0 does: they turn the other way")
      .but_not(at([=](auto b, auto, auto i) { return std::abs(ids.at(b, i)); }),
               "negative position ids turn as if they were positive: they turn the other way");
}

/// Matches x rotated with LLaMA's pairing, and knows the mistakes that people make.
inline Matches is_rotated(const Tensor& x, const PositionIds& ids, double base) {
  float largest = 0;
  for (const float value : x.values()) largest = std::max(largest, std::abs(value));
  const Rotation right{.turn = {.halves = true, .base = base}};
  // cos and sin are rounded to float, then two products and their sum: 5 roundings, and one of the angle's own.
  Matches result = matches(rotated(x, ids, right), rounding(6, 2 * double{largest}));
  const auto with = changes_of(right, [=](const Rotation& r) { return rotated(x, ids, r); });
  std::move(result).but_not(with([](Rotation& r) { r.turn.halves = false; }),
                            "neighbouring channels were paired, 2c with 2c + 1, as in lesson 11. Here channel c turns "
                            "with channel c + head_dim / 2");
  for (const auto& [which, sentence] : attention_tests::slips_of_turn("base", "head_dim"))
    std::move(result).but_not(with([which = which](Rotation& r) { r.turn.*which = true; }), sentence);
  std::move(result).but_not(with([](Rotation& r) { r.turn.base = 10'000; }),
                            "the base is 10 000 whatever `base` says: LLaMA 3 has 500 000");
  result = but_not_another_id(std::move(result), x, ids, right);
  std::int64_t furthest = 1;
  for (const std::int64_t id : ids.values()) furthest = std::max(furthest, std::abs(id));
  const double lost = 2e-7 * static_cast<double>(furthest) * largest;
  return std::move(result).but_if(
      [lost, exact = rotated(x, ids, right)](const Tensor64& got) {
        for (std::int64_t i = 0; i < got.size(); ++i)
          if (!(std::abs(got.values()[i] - exact.values()[i]) < lost)) return false;
        return lost < 1;
      },
      "no error is larger than what a float loses of an angle at these positions. Is a frequency, an angle or a cosine "
      "computed in float?");
}

/// Column of w that column `c` of a head is taken from.
inline std::int64_t source_of(std::int64_t c, std::int64_t head_dim, Pairing to) {
  const std::int64_t half = head_dim / 2;
  return to == Pairing::halves ? (c < half ? 2 * c : 2 * (c - half) + 1) : (c % 2 == 0 ? c / 2 : half + c / 2);
}

/// w with the columns of each of `heads` blocks in the other order.
inline Tensor64 with_pairing(const Tensor& w, std::int64_t heads, Pairing to) {
  Tensor64 out(w.shape());
  const std::int64_t head_dim = w.dim(1) / heads;
  for (std::int64_t row = 0; row < w.dim(0); ++row)
    for (std::int64_t column = 0; column < w.dim(1); ++column) {
      const std::int64_t c = column % head_dim;
      out.at(row, column) = double{w.at(row, column - c + source_of(c, head_dim, to))};
    }
  return out;
}

/// Matches change_pairing(w, heads, to).
inline Matches has_pairing(const Tensor& w, std::int64_t heads, Pairing to) {
  const Pairing other = to == Pairing::halves ? Pairing::neighbours : Pairing::halves;
  return matches(with_pairing(w, heads, to), exact())
      .but_not([=] { return with_pairing(w, heads, other); },
               "this is the way back. To pair halves, the first half of a head's columns is the even ones; to pair "
               "neighbours, the even columns are the first half")
      .but_not([=] { return with_pairing(w, 1, to); },
               "the columns changed places across heads: every head is a block of its own, of head_dim columns")
      .but_not([=] { return to_double(w); }, "the columns are where they were")
      .but_not(
          [=] {
            Tensor64 halves_swapped = to_double(w);
            const std::int64_t head_dim = w.dim(1) / heads;
            for (std::int64_t row = 0; row < w.dim(0); ++row)
              for (std::int64_t column = 0; column < w.dim(1); ++column) {
                const std::int64_t c = column % head_dim;
                halves_swapped.at(row, column) = double{w.at(row, column - c + (c + head_dim / 2) % head_dim)};
              }
            return halves_swapped;
          },
          "the halves of each head have changed places: it is even and odd columns that come apart, or together");
}

}  // namespace workbook::kv_cache
