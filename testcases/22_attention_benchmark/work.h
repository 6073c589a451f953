#pragma once
/// What a call of attention has to do, pair by pair, and what somebody with one idea wrong would count.

#include "common/checker/student.h"

namespace workbook::attention_benchmark {

using Allowed = std::optional<TensorOf<bool>>;

/// How the causal mask is read.
enum class Diagonal { at_the_end, at_the_start, without_itself, half };

/// A count of pairs and rows; what goes wrong is an argument.
struct Count {
  Attention call;
  Allowed allowed;
  Diagonal diagonal = Diagonal::at_the_end;
  bool causal_ignored = false, allowed_ignored = false, either = false, unseen_move = false;
  std::int64_t flops_of_a_pair = 4;
  std::int64_t heads = call.heads, kv_heads = call.kv_heads, batch = call.batch, element = call.element_bytes;
  std::int64_t q_and_output = 2, k_and_v = 2, scores = 0;

  bool causal() const { return call.mask == Mask::causal && !causal_ignored; }

  /// Keys that query i sees by the mask, from the first on.
  std::int64_t keys_of(std::int64_t i) const {
    const std::int64_t q_len = call.q_len, kv_len = call.kv_len;
    if (!causal()) return kv_len;
    if (diagonal == Diagonal::at_the_start) return std::min(i + 1, kv_len);
    return std::clamp<std::int64_t>(i + kv_len - q_len + (diagonal == Diagonal::without_itself ? 0 : 1), 0, kv_len);
  }
  bool sees(std::int64_t i, std::int64_t j) const {
    const bool by_mask = j < keys_of(i), by_list = allowed_ignored || allowed->at(i, j);
    return either ? by_mask || by_list : by_mask && by_list;
  }

  std::int64_t pairs() const {
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < call.q_len; ++i) {
      if (!allowed) sum += keys_of(i);
      for (std::int64_t j = 0; allowed && j < call.kv_len; ++j) sum += sees(i, j);
    }
    return causal() && diagonal == Diagonal::half ? std::int64_t{call.q_len} * call.kv_len / 2 : sum;
  }
  std::int64_t keys_that_move() const {
    if (!allowed || unseen_move) return call.kv_len;
    std::int64_t keys = 0;
    for (std::int64_t j = 0; j < call.kv_len; ++j) {
      bool seen = false;
      for (std::int64_t i = 0; i < call.q_len; ++i) seen = seen || sees(i, j);
      keys += seen;
    }
    return keys;
  }

  std::int64_t flops() const { return batch * heads * pairs() * flops_of_a_pair * call.head_dim; }
  std::int64_t bytes() const {
    const std::int64_t rows = q_and_output * heads * call.q_len + k_and_v * kv_heads * keys_that_move();
    return batch * (rows * call.head_dim + scores * heads * call.q_len * call.kv_len) * element;
  }
};

/// Matches flops of useful_work(right.call, right.allowed).
inline ExactCount is_flops(const Count& right) {
  const auto with = changes_of(right, &Count::flops);
  return is_count(right.flops(), "flops")
      .but_not(with([](Count& c) { c.causal_ignored = c.allowed.has_value(); }),
               "the mask was not looked at where there is a list: a pair counts if the mask and `allowed` let it")
      .but_not(with([](Count& c) { c.causal_ignored = true; }),
               "all pairs are counted, although the mask is causal: a pair that nobody computes is no useful work, and "
               "whoever skips it would seem twice as fast as it is")
      .but_not(with([](Count& c) { c.diagonal = Diagonal::at_the_start; }),
               "the causal mask begins at the start, query i sees keys 0 to i: with more keys than queries, the last "
               "query sees all keys")
      .but_not(with([](Count& c) { c.diagonal = Diagonal::without_itself; }),
               "the diagonal is missing: a query sees its own position, too")
      .but_not(with([](Count& c) { c.diagonal = Diagonal::half; }),
               "half of all pairs is not what a causal mask shows: the diagonal belongs to it, and with more keys than "
               "queries it is more than half")
      .but_not(with([](Count& c) { c.allowed_ignored = true; }),
               "`allowed` was not looked at: a pair counts if the mask and `allowed` let it")
      .but_not(with([](Count& c) { c.either = true; }),
               "a pair counts here if the mask or `allowed` lets it: both must")
      .but_not(
          with([](Count& c) { c.flops_of_a_pair = 2; }),
          "each pair has 2 head_dim FLOPs here. There are two products, and a multiplication and an addition count "
          "1 each: 4 head_dim")
      .but_not(
          with([](Count& c) { c.flops_of_a_pair = 1; }),
          "each pair has head_dim FLOPs here. There are two products, and a multiplication and an addition count 1 "
          "each: 4 head_dim")
      .but_not(with([](Count& c) { c.heads = c.call.kv_heads; }),
               "the pairs of kv_heads heads are counted: every query head has its own scores")
      .but_not(with([](Count& c) { c.heads = 1; }), "the pairs of one head are counted: there are `heads` of them")
      .but_not(with([](Count& c) { c.batch = 1; }), "one sequence is counted: there are `batch` of them")
      .but_not(static_cast<std::int32_t>(right.pairs()) * (right.flops() / std::max<std::int64_t>(1, right.pairs())),
               "the pairs were counted in int, which ends at 2 147 483 647")
      .but_not_in_int();
}

/// Matches bytes of useful_work(right.call, right.allowed).
inline ExactCount is_bytes(const Count& right) {
  const auto with = changes_of(right, &Count::bytes);
  return is_count(right.bytes(), "bytes")
      .but_not(with([](Count& c) { c.kv_heads = c.call.heads; }),
               "keys and values are counted for every query head: there are kv_heads of them, and sharing them is what "
               "grouped-query attention is for")
      .but_not(with([](Count& c) { c.heads = c.call.kv_heads; }),
               "queries and outputs are counted for kv_heads heads: they have `heads`")
      .but_not(with([](Count& c) { c.unseen_move = true; }),
               "keys that no query sees are counted: nobody has to fetch them")
      .but_not(with([](Count& c) { c.allowed_ignored = true; }),
               "keys that no query sees are counted: nobody has to fetch them")
      .but_not(with([](Count& c) { c.causal_ignored = true; }),
               "keys are counted that `allowed` shows to queries which the causal mask keeps from seeing them")
      .but_not(with([](Count& c) { c.element = 4; }), "each element has 4 bytes here: it has element_bytes")
      .but_not(with([](Count& c) { c.element = 1; }), "these are elements: each has element_bytes bytes")
      .but_not(with([](Count& c) { c.q_and_output = 1; }),
               "queries are read, and outputs of the same size are written: one of the two is missing")
      .but_not(with([](Count& c) { c.k_and_v = 1; }), "keys and values are read: one of the two is missing")
      .but_not(with([](Count& c) { c.scores = 1; }),
               "the score matrix is counted: it need not exist, so moving it is no useful work")
      .but_not(with([](Count& c) { c.scores = 2; }),
               "the score matrix is counted: it need not exist, so moving it is no useful work")
      .but_not(with([](Count& c) { c.batch = 1; }), "one sequence is counted: there are `batch` of them")
      .but_not_in_int();
}

inline TensorOf<bool> some_pairs(std::int64_t q_len, std::int64_t kv_len) {
  TensorOf<bool> allowed({q_len, kv_len});
  for (bool& x : allowed.values()) x = random_integer(0, 2) > 0;
  return allowed;
}

}  // namespace workbook::attention_benchmark
