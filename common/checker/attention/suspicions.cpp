#include "common/checker/attention/suspicions.h"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace workbook::attention_tests {

Matches but_not_another_mask(Matches right, Mask mask, std::int64_t q_len, std::int64_t kv_len, const WithMask& make) {
  const std::int64_t shift = kv_len - q_len;
  const auto masked = [make](const oracle::Visible& visible) { return [make, visible] { return make(visible); }; };
  const auto from_start = masked([](std::int64_t i, std::int64_t j) { return j <= i; });
  if (mask == Mask::none)
    return std::move(right)
        .but_not(masked([=](std::int64_t i, std::int64_t j) { return j <= i + shift; }),
                 "the mask is causal although none was asked for: every query sees every key")
        .but_not(from_start, "query i sees keys 0 to i only, although no mask was asked for");
  return std::move(right)
      .but_not(masked({}), "there is no mask: every query sees every key")
      .but_not(from_start,
               "the causal mask is aligned at the start: query i sees keys 0 to i. The queries are the last q_len of "
               "kv_len positions: query 0 stands at position kv_len - q_len, and query i sees key j if j <= i + "
               "(kv_len - q_len)")
      .but_not(masked([=](std::int64_t i, std::int64_t j) { return j < i + shift; }),
               "a query does not see the key at its own position: the mask is off by one")
      .but_not(masked([=](std::int64_t i, std::int64_t j) { return j <= i + shift + 1; }),
               "a query sees the key after its own position: the mask is off by one");
}

Matches but_not_the_given_scale(Matches right, double given, double usual, const WithScale& make) {
  const auto scaled = [make](double scale) { return [make, scale] { return make(scale); }; };
  std::move(right)
      .but_not(scaled(usual),
               "this is 1 / sqrt(head_dim), although another scale is given: a given scale counts, whatever it is; 0 "
               "and negative ones, too. 1 / sqrt(head_dim) is only for when none is given")
      .but_not(scaled(1), "the scores are not scaled at all: a given scale is a factor on q k^T")
      .but_not(scaled(given * usual), "a given scale is all there is: 1 / sqrt(head_dim) comes on top")
      .but_not(scaled(given * given), "the given scale was applied twice")
      .but_not(scaled(std::abs(given)), "the sign of the given scale is gone: a scale may be negative")
      .but_not(scaled(std::min(given, 1.0)), "the given scale was cut off at 1: it may be any number")
      .but_not(scaled(std::max(given, 0.0)), "a negative scale was taken for 0: it may be any number");
  if (given != 0)
    std::move(right).but_not(scaled(1 / given), "the scores were divided by the given scale: it is a factor");
  if (given > 0) std::move(right).but_not(scaled(std::sqrt(given)), "the square root of the given scale was applied");
  if (given < 0)
    std::move(right).but_if(
        [](const Tensor64& got) { return std::ranges::all_of(got.values(), [](double x) { return std::isnan(x); }); },
        "all is NaN, and a negative scale is given. Was q or k multiplied by its square root? A "
        "negative number has none. Or was the smallest score taken off before exp, not the largest?");
  return right;
}

Matches but_not_another_scale(Matches right, std::optional<double> given, std::int64_t head_dim, std::int64_t heads,
                              const WithScale& make) {
  const auto terms = static_cast<double>(head_dim), width = terms * static_cast<double>(heads);
  if (given) return but_not_the_given_scale(std::move(right), *given, 1 / std::sqrt(terms), make);
  const auto scaled = [make](double scale) { return [make, scale] { return make(scale); }; };
  return std::move(right)
      .but_not(scaled(1),
               "the scores are not scaled by 1 / sqrt(head_dim): their variance grows with head_dim, so the softmax "
               "picks one key")
      .but_not(
          scaled(1 / terms),
          "the scores are divided by head_dim: its square root is missing, or 1 / sqrt(head_dim) was applied twice")
      .but_not(scaled(std::sqrt(terms)), "the scores are multiplied by sqrt(head_dim): they are to be divided by it")
      .but_not(scaled(1 / std::sqrt(width)),
               "the scores are scaled for a dot product over all heads together, by 1 / sqrt(width), but each is a dot "
               "product of head_dim terms only");
}

Matches but_not_another_base(Matches right, double scale, std::int64_t head_dim, std::int64_t q_len,
                             std::int64_t kv_len, const WithScale& make) {
  const auto scaled = [make](double other) { return [make, other] { return make(other); }; };
  const auto root = [](std::int64_t n) { return 1 / std::sqrt(static_cast<double>(n)); };
  return std::move(right)
      .but_not(scaled(scale * std::numbers::ln2),
               "the weights are powers of 2, not of e: exp2(x) is exp(x) only if x was multiplied by log2(e) before")
      .but_not(scaled(scale * std::numbers::log2e),
               "the scores are larger by the factor log2(e) = 1.44. It belongs before exp2; before exp there is none")
      .but_not(scaled(scale * scale), "the scale is applied twice")
      .but_not(scaled(-scale), "the scores have the wrong sign")
      .but_not(scaled(0), "all keys that a query sees have the same weight, as if all scores were 0")
      .but_not(scaled(root(kv_len)),
               "the scores are divided by sqrt(kv_len). A score sums head_dim products: that is under the root")
      .but_not(scaled(root(q_len)),
               "the scores are divided by sqrt(q_len). A score sums head_dim products: that is under the root")
      .but_not(scaled(std::floor(root(head_dim) * 1024) == 1024 ? scale : 1 / std::floor(1 / root(head_dim))),
               "the scores are divided by the square root of head_dim rounded down to a whole number");
}

Matches but_not_another_walk(Matches right, const WithSlip& make) {
  const auto with = [make](auto change) {
    RowSlip slip;
    change(slip);
    return [make, slip] { return make(slip); };
  };
  return std::move(right)
      .but_not(with([](RowSlip& s) { s.not_divided = true; }),
               "the weights of a row were not divided by their sum, so they do not add up to 1")
      .but_not(with([](RowSlip& s) { s.over_queries = true; }),
               "the softmax went over the queries: the weights of each key add up to 1. It is the weights of each "
               "query, over its keys, that do")
      .but_not(with([](RowSlip& s) { s.over_heads = true; }),
               "the softmax went over the heads. It goes over the keys of one query in one head")
      .but_not(with([](RowSlip& s) { s.scores_add_up = true; }),
               "the scores of a head were added to those of the heads before it: overwrite or clear them for each "
               "head")
      .but_not(
          with([](RowSlip& s) { s.weights_add_up = true; }),
          "the scores of a head were added to the weights that the head before it left in the same place: overwrite "
          "or clear them for each head")
      .but_not(with([](RowSlip& s) { s.sum_goes_on = true; }),
               "the sum of the weights goes on from one row to the next: every row begins with sum 0")
      .but_not(with([](RowSlip& s) { s.sum_goes_on_in_head = true; }),
               "the sum of the weights goes on from one row of a head to the next: every row begins with sum 0")
      .but_not(with([](RowSlip& s) { s.output_goes_on = true; }),
               "each row of the result was added to the row before it: every row begins with zeros")
      .but_not(with([](RowSlip& s) { s.weighs_with_scores = true; }),
               "there is no softmax: the scores themselves are the weights")
      .but_not(with([](RowSlip& s) { s.values_are_keys = true; }),
               "the weights were multiplied with the keys: the result is a sum of values")
      .but_not(with([](RowSlip& s) { s.keys_are_queries = true; }),
               "the scores are those of the queries with each other: the keys take no part")
      .but_not(with([](RowSlip& s) { s.hidden_score = 0; }),
               "hidden keys have the score 0, and exp(0) is 1: a hidden key has weight 0, as if its score were -inf");
}

Matches but_not_another_row(Matches right, const WithSlip& make) {
  const auto with = [make](auto change) {
    RowSlip slip;
    change(slip);
    return [make, slip] { return make(slip); };
  };
  return std::move(right)
      .but_not(with([](RowSlip& s) { s.blind_row = BlindRow::nan; }),
               "a query that sees no key gives NaN: from 0 / 0, or before that from -inf - (-inf), where even the "
               "maximum is -inf. Its row must be zeros")
      .but_not(with([](RowSlip& s) { s.blind_row = BlindRow::mean; }),
               "a query that sees no key returns the mean of all values: is the mask a large finite number? To a "
               "softmax, all keys are then equally good")
      .but_not(with([](RowSlip& s) { s.blind_row = BlindRow::all_keys; }),
               "a query that sees no key attends to all keys as if there were no mask. Its row must be zeros")
      .but_not(with([](RowSlip& s) { s.blind_row = BlindRow::scores; }),
               "a query that sees no key has its scores as weights: its row was left out of the softmax, and then met "
               "the values all the same. Its weights must be 0")
      .but_not(with([](RowSlip& s) { s.hidden_keep = true; }),
               "hidden keys keep the weights that an earlier row left in their place: their weights must be 0 for each "
               "row again")
      .but_not(with([](RowSlip& s) { s.without_max = true; }),
               "exp overflowed: take the largest score of a row off before exp, nothing else changes. A score "
               "above 88 overflows, and inf / inf is NaN")
      .but_not(with([](RowSlip& s) { s.without_max = s.empty_sum_is_one = true; }),
               "exp overflowed or underflowed: take the largest score of a row off before exp, nothing else changes")
      .but_not(with([](RowSlip& s) { s.smallest_off = true; }),
               "exp overflowed: the smallest score of a row was taken off, not the largest. With a negative scale the "
               "largest product has the smallest score");
}

Matches but_not_a_sentinel(Matches right, const WithSlip& make) {
  const auto with = [make](auto change) {
    RowSlip slip;
    change(slip);
    return [make, slip] { return make(slip); };
  };
  const std::string from_finite =
      "rows whose scores are all far below 0 are wrong, and only these: the search for their largest score began at a "
      "finite number, such as 0 or -1e4. It begins at -inf, or at the first score";
  const std::string hidden_finite =
      "hidden keys were given a finite score, such as -1e4 or -1e9, and a query that sees only smaller scores attends "
      "to them: a hidden key has weight 0 whatever the other scores are";
  for (const double from : {0., -1e2, -1e3, -1e4, -1e5, -1e6, -1e9, -1e20, -1e30})
    for (const bool zeros : {false, true})
      std::move(right).but_not(with([=](RowSlip& s) { s.max_from = from, s.empty_sum_is_one = zeros; }), from_finite);
  for (const double score : {-1e2, -1e3, -1e4, -1e5, -1e6, -1e9, -1e10, -1e20, -1e30, -3.4028234663852886e38})
    for (const bool added : {false, true})
      std::move(right).but_not(with([=](RowSlip& s) { s.hidden_score = score, s.hidden_added = added; }),
                               hidden_finite);
  return right;
}

Matches but_not_cut_off(Matches right, std::int64_t q_len, std::int64_t kv_len, std::int64_t head_dim,
                        const WithSlip& make) {
  const auto add = [&](auto change, const std::string& sentence) {
    RowSlip slip;
    change(slip);
    std::move(right).but_not([make, slip] { return make(slip); }, sentence);
  };
  const auto ends = [](std::int64_t length) {
    std::vector<std::int64_t> all;
    for (const std::int64_t step : {2, 4, 8, 16, 32})
      if (length > step && length % step != 0) all.push_back(length - length % step);
    for (std::int64_t end = 64; end < length; end *= 2) all.push_back(end);
    if (length > 1) all.push_back(length - 1);
    return all;
  };
  for (const std::int64_t end : ends(kv_len))
    add([=](RowSlip& s) { s.keys = end; }, fmt::format("only the first {} of {} keys take part", end, kv_len));
  add([](RowSlip& s) { s.first_key = 1; }, "key 0 does not take part");
  for (const std::int64_t end : ends(head_dim)) {
    add([=](RowSlip& s) { s.score_channels = s.value_channels = end; },
        fmt::format("only the first {} of {} channels take part", end, head_dim));
    add([=](RowSlip& s) { s.score_channels = end; },
        fmt::format("a score sums over the first {} of {} channels only", end, head_dim));
    add([=](RowSlip& s) { s.value_channels = end; },
        fmt::format("only the first {} of {} channels of a result are computed, the others are 0", end, head_dim));
  }
  for (const std::int64_t end : ends(q_len))
    add([=](RowSlip& s) { s.rows = end; }, fmt::format("only the first {} of {} queries have a result", end, q_len));
  return right;
}

Matches but_not_nan(Matches right) {
  return std::move(right).but_if(has_nan,
                                 "the result holds NaN. Is exp() taken of scores that were not shifted by their row's "
                                 "maximum? Or is there -inf - (-inf), or 0 / 0, for a query that has seen no key so "
                                 "far, or sees none at all?");
}

}  // namespace workbook::attention_tests
