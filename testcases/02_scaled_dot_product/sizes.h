#pragma once
/// What footprint should return, and what comes out when somebody has one idea wrong.

#include "common/checker/student.h"

namespace workbook::scaled_dot_product {

/// A number that is not the right one, and the idea that leads to it.
struct Suspect {
  std::int64_t value;
  std::string sentence;
};

inline void check_size(const char* field, std::int64_t got, std::int64_t expected,
                       const std::vector<Suspect>& suspects) {
  std::string told = session().last_call().text() + "\n" + field + ": expected " + std::to_string(expected) + ", got " +
                     std::to_string(got) + "\n";
  for (const Suspect& s : suspects)
    if (got == s.value && got != expected) {
      told += "Likely: " + s.sentence + "\n";
      break;
    }
  if (got != expected) session().explain_failure(Verdict::wrong, told);
  CHECK(got == expected);
}

inline const std::string kComputedInInt =
    "a product was computed in int, which ends at 2 147 483 647. Make its first factor a std::int64_t: the result's "
    "type comes too late";

inline std::int64_t as_int(std::int64_t value) { return static_cast<std::int32_t>(value); }

/// Calls footprint and checks each of its sizes. @returns what it gave
inline Footprint check_footprint(const AttentionShape& s) {
  const std::int64_t unit = std::int64_t{s.batch} * s.heads * s.bytes_per_element;
  const std::int64_t q = unit * s.q_len * s.head_dim, k = unit * s.kv_len * s.head_dim;
  const std::int64_t inputs = q + 2 * k, scores = unit * s.q_len * s.kv_len, total = inputs + 2 * scores + q;
  const Footprint got = student<footprint>(s);
  check_size("inputs", got.inputs, inputs,
             {{as_int(inputs), kComputedInInt},
              {as_int(q) + 2 * as_int(k), kComputedInInt},
              {3 * q, "keys and values are kv_len long, not q_len"},
              {3 * k, "the queries are q_len long, not kv_len"},
              {2 * q + 2 * k, "out is no input"},
              {inputs / s.heads, "every head has queries, keys and values of its own"},
              {inputs / s.bytes_per_element, "these are elements, not bytes"}});
  check_size("scores", got.scores, scores,
             {{as_int(scores), kComputedInInt},
              {scores / s.heads, "one matrix for each sequence: every head has scores of its own"},
              {scores / s.batch, "every sequence of the batch has scores of its own"},
              {scores / s.bytes_per_element, "these are elements, not bytes"},
              {2 * scores, "that is two tensors of scores: the weights belong to the total"},
              {unit * s.q_len * s.q_len, "a row of scores has one entry for each key: q_len x kv_len"},
              {unit * s.kv_len * s.kv_len, "scores have one row for each query: q_len x kv_len"},
              {unit * s.q_len * s.kv_len * s.head_dim, "a score is one number: the dot product sums over head_dim"}});
  check_size("total", got.total, total,
             {{as_int(total), kComputedInInt},
              {inputs, "this is q, k and v alone: the estimate forgets the scores, and they are the largest by far"},
              {inputs + q, "this is q, k, v and out: the estimate forgets the scores, and they are the largest by far"},
              {inputs + scores, "scores and weights are two tensors, and out is one more"},
              {inputs + q + scores, "the softmax reads the scores and writes the weights: two tensors of that size"},
              {inputs + 2 * scores, "out is missing"}});
  return got;
}

}  // namespace workbook::scaled_dot_product
