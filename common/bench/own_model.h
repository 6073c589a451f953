#pragma once
/// The time model of somebody's own, fitted to what was measured.

#include "common/bench/document.h"

namespace workbook::bench {

/// Fills in predicted_s of the cases that are attention alone in float32 on a CPU, of one implementation.
/// @param plugin of a lesson with a selector.cpp; empty: there is none
/// @returns what the model says in words: its constants, or why there is none
std::vector<std::string> predict(std::vector<Case>& cases, const std::string& impl, const std::string& plugin,
                                 const std::string& worker);

/// How good the predictions are.
struct Foresight {
  int rows = 0;
  double median_error = kUnknown;  ///< |predicted / measured - 1|
  int choices = 0, right = 0;      ///< layers on workloads with several backends; where the model takes the fastest
  double mean_regret = kUnknown;   ///< the time of the one that it takes, by the fastest's, less 1
  double largest_regret = kUnknown;
  std::string largest_of;  ///< "multi-head on core_d64, flash in place of vectorized"
};
Foresight foresight(const std::vector<Case>& cases);

/// A line for each number of it, and none without predictions.
std::vector<std::pair<std::string, std::string>> foresight_lines(const std::vector<Case>& cases);

}  // namespace workbook::bench
