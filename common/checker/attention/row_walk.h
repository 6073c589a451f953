#pragma once
/// Attention row by row in double, with any one idea wrong: what is not a change of oracle::Attention's arguments.

#include <cmath>
#include <limits>
#include <vector>

#include "common/oracle/attention.h"

namespace workbook::attention_tests {

/// What a query that sees no key returns. Right are zeros.
enum class BlindRow {
  zeros,
  nan,
  mean,      ///< of all values
  all_keys,  ///< attention without a mask
  scores     ///< the scores as they are were the weights
};

/// One idea wrong in the walk over rows; all as they are here is right.
struct RowSlip {
  static constexpr double kNone = -std::numeric_limits<double>::infinity();
  static constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

  bool not_divided = false;          ///< the weights are not divided by their sum
  bool weighs_with_scores = false;   ///< there is no softmax: the scores are the weights
  bool over_queries = false;         ///< the weights of a key, not those of a query, add up to 1
  bool over_heads = false;           ///< the weights of a pair add up to 1 over the heads
  bool scores_add_up = false;        ///< a head's scores are added to those of the heads before it
  bool weights_add_up = false;       ///< a head's scores are added to the weights of the head before it
  bool sum_goes_on = false;          ///< the sum is not cleared for the next row
  bool sum_goes_on_in_head = false;  ///< the same, but it is cleared for the next head
  bool output_goes_on = false;       ///< the result of the row before is not cleared
  bool values_are_keys = false;      ///< the weights meet the keys
  bool keys_are_queries = false;     ///< the scores are those of the queries with one another
  bool hidden_keep = false;          ///< hidden keys keep the weights that the row before left in their place
  bool hidden_added = false;         ///< hidden_score is added to the score, not put in its place
  double hidden_score = kNone;       ///< what a hidden key's score becomes
  double max_from = kNone;           ///< where the search for the largest score begins
  bool empty_sum_is_one = false;     ///< a row whose weights all underflow is zeros, not NaN
  bool without_max = false;          ///< exp(score) in float, which overflows
  bool smallest_off = false;         ///< the smallest score is taken off
  BlindRow blind_row = BlindRow::zeros;
  std::int64_t first_key = 0;          ///< keys before it do not take part
  std::int64_t keys = kAll;            ///< keys from it on do not take part
  std::int64_t score_channels = kAll;  ///< channels from it on do not take part in scores
  std::int64_t value_channels = kAll;  ///< channels from it on are zeros in the result
  std::int64_t rows = kAll;            ///< queries from it on are zeros
};

/// exp(x) as a float has it: it overflows and underflows.
double float_exp(double x);

/// Attention with this slip. Shapes as those of oracle::attention.
Tensor64 row_walk(const Tensor64& q, const Tensor64& k, const Tensor64& v, const oracle::Attention& right,
                  const RowSlip& slip);

}  // namespace workbook::attention_tests
