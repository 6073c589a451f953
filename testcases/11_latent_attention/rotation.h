#pragma once
/// What rope should return, and what people return in its place.

#include <fmt/format.h>

#include <functional>

#include "common/checker/attention/turn.h"
#include "definition.h"

namespace workbook::latent_attention {

using attention_tests::Turn;

/// How channels are turned, and by which positions; what people get wrong is an argument.
struct Rotation {
  Turn turn = {};
  bool from_zero = false;       ///< first_position is ignored
  bool over_heads = false;      ///< the position goes on from head to head
  bool over_sequences = false;  ///< the position goes on from sequence to sequence
  bool row_forgotten = false;   ///< every row is at first_position
};

template <class T>
void rotate(std::span<T> row, std::int64_t i, std::int64_t first_position, const Rotation& r = {}) {
  attention_tests::turn(row, r.from_zero ? i : first_position + (r.row_forgotten ? 0 : i), r.turn);
}

/// Every row of x turned.
inline Tensor64 rotated(const Tensor& x, std::int64_t first_position, const Rotation& rotation = {}) {
  Tensor64 out = to_double(x);
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t i = 0; i < x.dim(2); ++i)
        rotate<double>(out.row(b, h, i),
                       i + (rotation.over_heads ? h * x.dim(2) : 0) + (rotation.over_sequences ? b * x.dim(2) : 0),
                       first_position, rotation);
  return out;
}

/// What goes wrong in a rotation, and the sentence for it.
struct Slip {
  std::function<void(Rotation&)> change;
  std::string sentence;
};

inline std::vector<Slip> slips_of_rotation() {
  const auto positions = [](bool Rotation::*which) { return [which](Rotation& r) { r.*which = true; }; };
  std::vector<Slip> slips{{positions(&Rotation::from_zero),
                           "the positions begin at 0: row i stands at first_position + i. In decoding, i is always 0"},
                          {[](Rotation& r) { r.turn.halves = true; },
                           "channel c was paired with channel c + rope_dim / 2, as some models do. Here neighbours are "
                           "a pair: 2c and 2c + 1"}};
  for (const auto& [which, sentence] : attention_tests::slips_of_turn("10000", "rope_dim"))
    slips.push_back({[which = which](Rotation& r) { r.turn.*which = true; }, sentence});
  slips.push_back({positions(&Rotation::over_heads),
                   "the positions go on from head to head: row i of every head stands at first_position + i"});
  slips.push_back({positions(&Rotation::over_sequences),
                   "the positions go on from sequence to sequence: row i of each stands at first_position + i"});
  slips.push_back(
      {positions(&Rotation::row_forgotten), "all rows stand at first_position: row i stands at first_position + i"});
  return slips;
}

/// Positions and channels that end too soon.
inline Matches but_not_in_a_table(Matches matcher, const Tensor& x, std::int64_t first_position) {
  for (const std::int64_t last : {127, 255, 511, 1023, 2047, 4095, 8191, 65'535}) {
    const auto at = [=](auto place) {
      return [=] {
        Tensor64 out = to_double(x);
        for (std::int64_t r = 0; r < x.dim(0) * x.dim(1) * x.dim(2); ++r) {
          const std::int64_t i = r % x.dim(2), row = r / x.dim(2);
          rotate<double>(out.row(row / x.dim(1), row % x.dim(1), i), 0, place(first_position + i));
        }
        return out;
      };
    };
    std::move(matcher)
        .but_not(at([=](std::int64_t position) { return std::min(position, last); }),
                 fmt::format("all positions after {0} turn as position {0} does: is there a table that ends "
                             "there? Positions may be 10^6 and more",
                             last))
        .but_not(at([=](std::int64_t position) { return position % (last + 1); }),
                 fmt::format("positions begin again at 0 after {}: they may be 10^6 and more", last));
  }
  for (const std::int64_t channels : {32, 64, 128, 256})
    std::move(matcher).but_not(
        [=] {
          Tensor64 out = rotated(x, first_position);
          for (std::int64_t i = 0; i < x.size(); ++i)
            if (i % x.dim(3) >= channels) out.values()[i] = double{x.values()[i]};
          return out;
        },
        fmt::format("only the first {} channels of a row turn: rope_dim may be larger", channels));
  return matcher;
}

inline Matches is_rotated(const Tensor& x, std::int64_t first_position) {
  float largest = 0;
  for (const float value : x.values()) largest = std::max(largest, std::abs(value));
  Matches result = matches(rotated(x, first_position), rounding(6, 2 * double{largest}));
  const auto with = changes_of(Rotation(), [=](const Rotation& r) { return rotated(x, first_position, r); });
  for (const auto& [change, sentence] : slips_of_rotation()) std::move(result).but_not(with(change), sentence);
  const Tensor64 right = rotated(x, first_position);
  const double lost = 2e-7 * static_cast<double>(first_position + x.dim(2)) * largest;
  return but_not_in_a_table(std::move(result), x, first_position)
      .but_if(
          [=](const Tensor64& got) {
            for (std::int64_t i = 0; i < got.size(); ++i)
              if (!(std::abs(got.values()[i] - right.values()[i]) < lost)) return false;
            return first_position + x.dim(2) < 2'000'000;
          },
          "no error is larger than what a float loses of an angle at these positions. Is a frequency, an angle or a "
          "cosine computed in float, or each row made from the one before?");
}

}  // namespace workbook::latent_attention
