#pragma once
/// What layer_cost should return, and what comes out when somebody has one idea wrong.

#include "common/checker/student.h"

namespace workbook::multi_head {

/// A number that is not the right one, and the idea that leads to it.
struct Suspect {
  std::int64_t value;
  std::string sentence;
};

inline void check_count(const char* field, std::int64_t got, std::int64_t expected, std::vector<Suspect> suspects) {
  suspects.insert(suspects.begin(),
                  {static_cast<std::int32_t>(expected),
                   "a product was computed in int, which ends at 2 147 483 647. Make its first factor a std::int64_t: "
                   "the result's type comes too late"});
  std::string told = session().last_call().text() + "\n" + field + ": expected " + std::to_string(expected) + ", got " +
                     std::to_string(got) + "\n";
  const auto likely = std::ranges::find(suspects, got, &Suspect::value);
  if (likely != suspects.end()) told += "Likely: " + likely->sentence + "\n";
  if (got != expected) session().explain_failure(Verdict::wrong, told);
  CHECK(got == expected);
}

/// Calls layer_cost and checks each of its counts. @returns what it gave
inline LayerCost check_cost(const LayerShape& s) {
  const std::int64_t width = std::int64_t{s.heads} * s.head_dim, matrix = s.d_model * width;
  const std::int64_t queries = std::int64_t{s.batch} * s.q_len, keys = std::int64_t{s.batch} * s.kv_len;
  const std::int64_t pairs = queries * s.kv_len;
  const std::string two = "a multiplication and the addition that follows it are 2 FLOPs";
  const LayerCost got = student<layer_cost>(s);
  check_count("parameters", got.parameters, 4 * matrix,
              {{3 * matrix, "w_o is a projection, too"},
               {4 * std::int64_t{s.d_model} * s.d_model, "the matrices are d_model x width, not d_model x d_model"},
               {4 * matrix * s.heads, "the heads share each matrix: a head has head_dim of its columns"},
               {4 * std::int64_t{s.d_model} * s.head_dim, "every head has head_dim columns of each matrix"}});
  const std::int64_t projections = 4 * (queries + keys) * matrix;
  check_count("projection_flops", got.projection_flops, projections,
              {{projections / 2, two},
               {8 * queries * matrix, "keys and values have kv_len rows, not q_len"},
               {8 * keys * matrix, "queries and results have q_len rows, not kv_len"},
               {2 * (queries + 2 * keys) * matrix, "w_o is missing, and it is applied to every query"},
               {projections * s.heads, "a projection is made once for all heads together"},
               {projections / s.batch, "every sequence of the batch is projected"}});
  const std::int64_t attention = 4 * pairs * width;
  check_count("attention_flops", got.attention_flops, attention,
              {{attention / 2, two + "; and there are scores and weighted sums"},
               {4 * pairs * s.head_dim, "every head computes scores and weighted sums of its own"},
               {attention * s.heads,
                "a head sums over head_dim channels, and heads * head_dim is the width: count the "
                "heads once"},
               {4 * pairs * s.d_model, "heads * head_dim channels take part, not d_model"},
               {attention / s.batch, "every sequence of the batch attends"}});
  check_count("scores", got.scores, pairs * s.heads,
              {{pairs, "every head has scores of its own"},
               {pairs * width, "a score is one number: the dot product sums over head_dim"},
               {queries * s.q_len * s.heads, "a query has a score for every key: q_len x kv_len"}});
  return got;
}

}  // namespace workbook::multi_head
