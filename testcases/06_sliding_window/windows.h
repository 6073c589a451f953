#pragma once
/// Windows, and the windows that people get instead when they have one idea wrong.

#include <fmt/format.h>

#include <string>
#include <vector>

#include "common/checker/student.h"
#include "common/oracle/visibility.h"

namespace workbook::sliding_window {

struct Window {
  std::int64_t q_len = 1, kv_len = 1, window = 1;
  Mask mask = Mask::causal;

  /// The window, cut where nothing is hidden, so that sums with it do not overflow.
  std::int64_t size() const { return std::min(window, q_len + kv_len + 2); }

  oracle::Visible visible() const { return oracle::in_window(window, mask, q_len, kv_len); }
  std::int64_t pairs() const { return oracle::count_pairs(visible(), q_len, kv_len); }
};

/// What a wrong idea lets a query see, and what to say about it.
struct WrongSight {
  oracle::Visible visible;
  std::string sentence;
};

/// Conditions on the query's position p and the key j.
template <class See>
oracle::Visible by_position(const Window& w, See see) {
  return [shift = w.kv_len - w.q_len, see](std::int64_t i, std::int64_t j) { return see(i + shift, j); };
}

/// A window that begins or ends one key too early or too late, or is cut in another way.
inline std::vector<WrongSight> wrong_edges(const Window& w) {
  const bool causal = w.mask == Mask::causal;
  const auto from_to = [&](std::int64_t from, std::int64_t to) {  // relative to p; `to` is not seen
    return by_position(w, [=](std::int64_t p, std::int64_t j) { return p + from <= j && j < p + to; });
  };
  const std::int64_t size = w.size(), end = causal ? 1 : size;
  const std::string right = fmt::format("with window {}, the query at position p sees keys {} to {}", size,
                                        size > 1 ? fmt::format("p - {}", size - 1) : "p",
                                        causal || size == 1 ? "p" : fmt::format("p + {}", size - 1));
  const std::string not_half = size / 2 == size - 2 ? ". Or did you take half of it for either side?" : "";
  const auto narrow = static_cast<std::int32_t>(w.window);  // as an int
  return {
      {by_position(w,
                   [=](std::int64_t p, std::int64_t j) {
                     return std::abs(std::max<std::int64_t>(p, 0) - j) < size &&
                            (!causal || j <= std::max<std::int64_t>(p, 0));
                   }),
       "a query that stands before all keys was placed at position 0. Its position is negative, and it may see no key"},
      {by_position(w, [=, cut = std::min(size, w.kv_len)](
                          std::int64_t p, std::int64_t j) { return std::abs(p - j) < cut && (!causal || j <= p); }),
       "the window was cut down to kv_len: a query that stands before all keys is further from them than that"},
      {by_position(w, [=](std::int64_t p, std::int64_t j) { return p - j < size && !causal; }),
       "the window ends on one side only: without a causal mask it bounds the future as it bounds the past, |p - j| < "
       "window"},
      {by_position(w, [=](std::int64_t p, std::int64_t j) { return std::abs(p - j) < narrow && (!causal || j <= p); }),
       "the window was narrowed to an int, which ends at 2 147 483 647"},
      {from_to(-size, causal ? end : end + 1), "the window is too wide by one. It counts the query itself: " + right},
      {from_to(-size, end), "the window begins one key too early. It counts the query itself: " + right},
      {from_to(1 - size, end + 1), causal ? "a query sees the key after its own position: " + right
                                          : "the window ends one key too late. It counts the query itself: " + right},
      {from_to(-size, end - 1),
       causal ? "the window ends before the query. A query sees the key at its own position, and counts it: " + right
              : "the window is shifted by one into the past: " + right},
      {from_to(2 - size, causal ? end : end - 1), "the window is too narrow by one: " + right + not_half},
      {from_to(1 - size, end - 1), causal ? "a query does not see the key at its own position: " + right
                                          : "the window ends one key too early: " + right},
      {from_to(2 - size, end), "the window begins one key too late: " + right},
      {by_position(w,
                   [=](std::int64_t p, std::int64_t j) {
                     const std::int64_t first = std::max<std::int64_t>(0, p - size + 1);
                     return first <= j && j < first + size - 1 + end;
                   }),
       fmt::format("at the start of the sequence the window was moved, not cut: the first queries get as many keys as "
                   "all others, and look {}. A window that would begin before key 0 holds fewer keys",
                   causal ? "into the future" : "too far ahead")}};
}

/// A window combined with another idea of the mask, or of where the queries stand.
inline std::vector<WrongSight> wrong_combinations(const Window& w) {
  const bool causal = w.mask == Mask::causal;
  const std::int64_t size = w.size();
  const oracle::Visible both_sides = oracle::in_window(size, Mask::none, w.q_len, w.kv_len);
  const oracle::Visible past = oracle::in_window(size, Mask::causal, w.q_len, w.kv_len);
  return {
      {[see = w.visible(), shift = w.kv_len - w.q_len](std::int64_t i, std::int64_t j) { return see(i - shift, j); },
       "query i was placed at position i. The queries are the last q_len of kv_len positions: it stands at i + kv_len "
       "- "
       "q_len"},
      {causal ? both_sides : past,
       causal ? "there is no causal mask: the window alone reaches to both sides, and a query sees later keys. A key "
                "must be let through by the window and by the mask"
              : "the window looks back only. Without a causal mask it reaches as far ahead as it reaches back"},
      {by_position(w, [=](std::int64_t p, std::int64_t j) { return !causal || j <= p; }), "there is no window"},
      {[=](std::int64_t, std::int64_t) { return true; }, "every query sees every key: there is no window and no mask"},
      {by_position(w, [=](std::int64_t p, std::int64_t j) { return j <= p || std::abs(p - j) < size; }),
       "a key is seen if the window or the causal mask lets it through. Both must"},
      {by_position(w, [=](std::int64_t p, std::int64_t j) { return std::abs(p - j) <= size / 2; }),
       "the window is centred on the query, half of it before and half of it after. It reaches window - 1 keys back, "
       "the query itself being the last one to count"},
      {by_position(w, [=](std::int64_t p, std::int64_t j) { return std::abs(p - j) <= size / 2 && j <= p; }),
       "the window reaches back by half of its size only. It is not centred: a causal query has no other half"},
      {by_position(w, [=](std::int64_t p, std::int64_t j) { return p / size == j / size && (!causal || j <= p); }),
       "the sequence was cut into pieces of `window` keys. A window slides: it ends at the query, wherever that is"}};
}

/// Whether two sights are the same for these lengths. Long sequences tell all of them apart.
inline bool look_alike(const WrongSight& a, const WrongSight& b, const Window& w) {
  for (std::int64_t i = 0; i < w.q_len; ++i)
    for (std::int64_t j = 0; j < w.kv_len; ++j)
      if (a.visible(i, j) != b.visible(i, j)) return false;
  return true;
}

/// All wrong ideas. Those that these lengths do not tell apart share their sentences.
inline std::vector<WrongSight> wrong_sights(const Window& w) {
  std::vector<WrongSight> all;
  for (const auto& sights : {wrong_edges(w), wrong_combinations(w)})
    for (const WrongSight& wrong : sights) {
      const bool small = w.q_len * w.kv_len < 1000;
      const auto same =
          std::ranges::find_if(all, [&](const WrongSight& x) { return small && look_alike(x, wrong, w); });
      if (same == all.end())
        all.push_back(wrong);
      else
        same->sentence += ". Or: " + wrong.sentence;
    }
  return all;
}

/// `right`, knowing what each wrong sight would give: make(visible) -> tensor.
template <class Make>
Matches but_not_another_sight(Matches right, const std::vector<WrongSight>& wrongs, Make make) {
  for (const auto& [visible, sentence] : wrongs)
    std::move(right).but_not([make, visible = visible] { return make(visible); }, sentence);
  return right;
}

/// The mask of these pairs.
inline Tensor64 as_mask(const oracle::Visible& visible, std::int64_t q_len, std::int64_t kv_len) {
  Tensor64 mask({q_len, kv_len});
  for (std::int64_t i = 0; i < q_len; ++i)
    for (std::int64_t j = 0; j < kv_len; ++j) mask.at(i, j) = visible(i, j);
  return mask;
}

/// A row for each query: its first key, and how many it sees. Ranges only: a gap would not be noticed.
inline Tensor64 as_ranges(const oracle::Visible& visible, std::int64_t q_len, std::int64_t kv_len) {
  Tensor64 ranges({q_len, 2});
  for (std::int64_t i = 0; i < q_len; ++i)
    for (std::int64_t j = 0; j < kv_len; ++j)
      if (visible(i, j) && ranges.at(i, 1)++ == 0) ranges.at(i, 0) = static_cast<double>(j);
  return ranges;
}

/// Matches window_mask(...) of this window.
inline Matches is_mask_of(const Window& w) {
  const auto make = [w](const oracle::Visible& visible) { return as_mask(visible, w.q_len, w.kv_len); };
  const Tensor64 right = make(w.visible());
  return but_not_another_sight(matches(right, {0, 0, "true or false"}), wrong_sights(w), make)
      .but_not(
          [right] {
            Tensor64 turned = right;
            for (double& x : turned.values()) x = 1 - x;
            return turned;
          },
          "the mask is the other way round: true means that the query may see the key");
}

/// The ranges of all queries, not cut at key 0, or not after the last key.
inline std::function<Tensor64()> not_cut(const Window& w, bool before, bool after) {
  return [=] {
    Tensor64 ranges({w.q_len, 2});
    for (std::int64_t i = 0; i < w.q_len; ++i) {
      const std::int64_t p = i + w.kv_len - w.q_len, end = w.mask == Mask::causal ? p + 1 : p + w.size();
      const std::int64_t first = before ? p - w.size() + 1 : std::max<std::int64_t>(0, p - w.size() + 1);
      const std::int64_t last = after ? end : std::min(w.kv_len, end);
      if (first >= last) continue;
      ranges.at(i, 0) = static_cast<double>(first);
      ranges.at(i, 1) = static_cast<double>(last - first);
    }
    return ranges;
  };
}

/// Matches the ranges of all queries of this window.
inline Matches are_ranges_of(const Window& w) {
  const auto make = [w](const oracle::Visible& visible) { return as_ranges(visible, w.q_len, w.kv_len); };
  const Tensor64 right = make(w.visible());
  return but_not_another_sight(matches(right, {0, 0, "a count is exact"}), wrong_sights(w), make)
      .but_not(
          [right] {
            Tensor64 ends = right;
            for (std::int64_t i = 0; i < ends.dim(0); ++i) ends.at(i, 1) += ends.at(i, 0);
            return ends;
          },
          "column 1 is the end of the range: `count` is how many keys there are, end - first")
      .but_not(not_cut(w, true, false), "a range begins before key 0: cut it there")
      .but_not(not_cut(w, false, true), "a range ends after the last key: cut it there")
      .but_not(not_cut(w, true, true), "ranges are not cut: they begin before key 0, or end after the last one")
      .but_if([](const Tensor64& got) { return std::ranges::any_of(got.values(), [](double x) { return x < 0; }); },
              "a range has a negative number in it. Does it begin before key 0, or end before it begins? No keys at "
              "all are "
              "{0, 0}");
}

inline const char* const kRangesOfAll =
    "Rows are queries, of which all were asked, the one above last. Column 0 is `first`, column 1 is `count`.";

/// key_range of every query, [q_len, 2]: column 0 is `first`, column 1 `count`.
inline Tensor64 ranges_by_student(const Window& w) {
  Tensor64 ranges({w.q_len, 2});
  for (std::int64_t i = 0; i < w.q_len; ++i) {
    const KeyRange range = student<key_range>(i, w.q_len, w.kv_len, w.window, w.mask);
    ranges.at(i, 0) = static_cast<double>(range.first);
    ranges.at(i, 1) = static_cast<double>(range.count);
  }
  return ranges;
}

}  // namespace workbook::sliding_window
