#pragma once
/// Which weights dropout drops, and which ones it drops when somebody has one idea wrong.

#include <fmt/format.h>

#include "common/checker/attention/tile_walk.h"
#include "common/checker/student.h"
#include "flash_backward.h"

namespace workbook::flash_backward {

using Words = std::array<std::uint32_t, 4>;
using Key = std::array<std::uint32_t, 2>;

/// Philox 4x32 with one idea wrong.
struct PhiloxSlip {
  int rounds = 10;
  bool key_stays = false;        ///< the same key in every round
  bool key_grows_first = false;  ///< before the first round already
  bool halves_swapped = false;   ///< high for low
  bool products_in_32_bits = false;
  bool products_swapped = false;  ///< a where b belongs
};

inline Words philox_words(Words c, Key key, const PhiloxSlip& slip = {}) {
  for (int round = 0; round < slip.rounds; ++round) {
    if (!slip.key_stays && (round > 0 || slip.key_grows_first)) key[0] += 0x9E3779B9, key[1] += 0xBB67AE85;
    std::uint64_t a = std::uint64_t{0xD2511F53} * c[0], b = std::uint64_t{0xCD9E8D57} * c[2];
    if (slip.products_in_32_bits) a &= UINT32_MAX, b &= UINT32_MAX;
    if (slip.products_swapped) std::swap(a, b);
    auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
    auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
    if (slip.halves_swapped)
      c = {low(b) ^ c[1] ^ key[0], high(b), low(a) ^ c[3] ^ key[1], high(a)};
    else
      c = {high(b) ^ c[1] ^ key[0], low(b), high(a) ^ c[3] ^ key[1], low(a)};
  }
  return c;
}

/// Where a weight stands.
struct Place {
  std::int64_t batch = 0, head = 0, row = 0, column = 0;
};

/// What a factor depends on, and its size; what people get wrong is an argument.
struct DropSlip {
  bool nothing_dropped = false;
  bool kept_and_dropped_swapped = false;
  double scale = 0;              ///< of what is kept; 0: 1 / (1 - p)
  double words = 0x1p32;         ///< the number of words: the threshold is p times that
  bool first_word = false;       ///< column is the counter, and word 0 decides
  bool word_shared = false;      ///< word 0 decides for all four columns
  bool high_word_first = false;  ///< word 3 - column % 4
  bool key_swapped = false;
  bool counter_reversed = false;
  std::int64_t rows = 0, columns = 0;  ///< positions inside a tile of this size; 0: in the matrix
  bool head_ignored = false, batch_ignored = false, row_ignored = false;
  std::int64_t heads_per_kv_head = 1;  ///< the KV head's number in the place of the head's
  bool transposed = false;             ///< row and column exchanged
  bool low_seed_only = false;
};

inline double factor_of(const Dropout& dropout, Place at, const DropSlip& slip = {}) {
  if (dropout.p == 0 || slip.nothing_dropped) return 1;
  if (slip.rows > 0) at.row %= slip.rows;
  if (slip.columns > 0) at.column %= slip.columns;
  if (slip.head_ignored) at.head = 0;
  if (slip.batch_ignored) at.batch = 0;
  if (slip.row_ignored) at.row = 0;
  if (slip.transposed) std::swap(at.row, at.column);
  at.head /= slip.heads_per_kv_head;
  const auto low = [](auto x) { return static_cast<std::uint32_t>(x); };
  Words counter{low(slip.first_word ? at.column : at.column / 4), low(at.row), low(at.head), low(at.batch)};
  if (slip.counter_reversed) std::ranges::reverse(counter);
  Key key{low(dropout.seed), slip.low_seed_only ? 0 : low(dropout.seed >> 32)};
  if (slip.key_swapped) std::swap(key[0], key[1]);
  const auto lane = slip.first_word || slip.word_shared ? 0 : slip.high_word_first ? 3 - at.column % 4 : at.column % 4;
  const bool dropped = philox_words(counter, key)[static_cast<std::size_t>(lane)] < dropout.p * slip.words;
  const double kept = slip.scale == 0 ? 1 / (1 - dropout.p) : slip.scale;
  return dropped != slip.kept_and_dropped_swapped ? 0 : kept;
}

/// A wrong idea about dropout and the words for it.
struct DropIdea {
  DropSlip slip;
  std::string sentence;
};

/// What people get wrong wherever a factor is used. Tiles are those of the call.
inline std::vector<DropIdea> drop_ideas(const Dropout& dropout, const attention_tests::Tiles& tiles,
                                        std::int64_t n_rep) {
  const std::string in_matrix =
      "Two passes with other tiles must drop the same weights: row and column are those of the whole matrix, so add "
      "where the tile begins";
  return {
      {{.nothing_dropped = true},
       "no weight was dropped and none was scaled: each weight has a factor, 0 or 1 / (1 - p)"},
      {{.scale = 1},
       "dropped weights are 0, and kept ones are as they were: kept ones are multiplied by 1 / (1 - p), so that their "
       "sum stays the same on average"},
      {{.scale = 1 - dropout.p},
       "kept weights were multiplied by 1 - p: they are divided by it, because the others are gone"},
      {{.scale = 1 / dropout.p},
       "kept weights were divided by p: that is the share of dropped ones, 1 - p is that of kept ones"},
      {{.kept_and_dropped_swapped = true},
       "what should be dropped was kept, and the other way around: a weight is dropped if its word is less than p "
       "2^32"},
      {{.rows = tiles.q_tile, .columns = tiles.kv_tile},
       "which weights are dropped depends on their place inside the tile. " + in_matrix},
      {{.columns = tiles.kv_tile}, "the column was counted from where the tile of keys begins. " + in_matrix},
      {{.rows = tiles.q_tile}, "the row was counted from where the tile of queries begins. " + in_matrix},
      {{.head_ignored = true, .batch_ignored = true},
       "all heads of all sequences drop the same weights: head and batch are part of the counter"},
      {{.head_ignored = true}, "all heads of a sequence drop the same weights: the head is part of the counter"},
      {{.batch_ignored = true}, "all sequences drop the same weights: the batch is part of the counter"},
      {{.heads_per_kv_head = n_rep},
       "the query heads of a group drop the same weights: the head of the counter is the query head, not its KV head"},
      {{.transposed = true}, "row and column were exchanged: the counter begins with column / 4, then comes the row"},
      {{.row_ignored = true}, "all rows drop the same columns: the row is part of the counter"},
      {{.first_word = true},
       "the whole column stands in the counter and word 0 decides: it is column / 4, and word column % 4"},
      {{.word_shared = true}, "four neighbouring columns share one word: each has its own, word column % 4"},
      {{.high_word_first = true}, "the words were taken from the last to the first: word column % 4 decides"},
      {{.key_swapped = true}, "the halves of the seed were exchanged: the low half is the first word of the key"},
      {{.low_seed_only = true}, "only the low half of the seed counts: the key has both halves"},
      {{.counter_reversed = true}, "the counter is in reverse order: it is {column / 4, row, head, batch}"},
      {{.words = 0x1p31}, "only half as many weights are dropped: a word is less than 2^32, so the limit is p 2^32"}};
}

/// The four words as numbers.
inline Matches are_words(const Words& counter, const Key& key, const Words& right) {
  const auto with = changes_of(PhiloxSlip(), [=](const PhiloxSlip& slip) { return philox_words(counter, key, slip); });
  Matches result = matches(right, counted());
  for (const int rounds : {7, 9, 11, 12})
    std::move(result).but_not(with([=](PhiloxSlip& s) { s.rounds = rounds; }),
                              fmt::format("these are the words after {} rounds: there are ten", rounds));
  return std::move(result)
      .but_not(with([](PhiloxSlip& s) { s.key_stays = true; }),
               "the key is the same in every round: between two rounds it grows by (0x9E3779B9, 0xBB67AE85)")
      .but_not(with([](PhiloxSlip& s) { s.key_grows_first = true; }),
               "the key grew before the first round already: the first round takes the key as it is given")
      .but_not(with([](PhiloxSlip& s) { s.halves_swapped = true; }),
               "high and low halves of the products were exchanged: the high halves meet the key")
      .but_not(with([](PhiloxSlip& s) { s.products_in_32_bits = true; }),
               "the products were computed in 32 bits, so their high halves are 0: make a factor a std::uint64_t first")
      .but_not(with([](PhiloxSlip& s) { s.products_swapped = true; }),
               "the products were exchanged: c0 and c1 become those of b, which is made from c2");
}

/// Places that tell batches, heads, rows and columns apart.
inline std::vector<Place> some_places() {
  std::vector<Place> places;
  for (const std::int64_t batch : {0, 1})
    for (const std::int64_t head : {0, 2})
      for (const std::int64_t row : {0, 1, 70'000})
        for (const std::int64_t column : {0, 1, 2, 3, 5, 10, 100'003}) places.push_back({batch, head, row, column});
  return places;
}

/// The factors of all these places.
inline std::vector<double> some_factors(const Dropout& dropout) {
  std::vector<double> factors;
  for (const auto& [batch, head, row, column] : some_places())
    factors.push_back(double{student<dropout_factor>(dropout, batch, head, row, column)});
  return factors;
}

inline Matches are_factors(const Dropout& dropout) {
  const auto with = changes_of(DropSlip(), [=](const DropSlip& slip) {
    std::vector<double> factors;
    for (const Place& at : some_places()) factors.push_back(factor_of(dropout, at, slip));
    return factors;
  });
  Matches result = matches(with([](auto&) {})(), relative_rounding(2));
  for (const DropIdea& idea : drop_ideas(dropout, {Mask::none, 0, 0}, 1))
    std::move(result).but_not(with([=](DropSlip& slip) { slip = idea.slip; }), idea.sentence);
  return result;
}

}  // namespace workbook::flash_backward
