#pragma once
/// The log-sum-exp of every query's scores, and what people return in its place.

#include "common/checker/attention/inputs.h"
#include "common/checker/matchers.h"

namespace workbook::attention_tests {

/// Matches the log-sum-exp of every query.
Matches has_log_sum_exp(const Inputs& in, Mask mask);

}  // namespace workbook::attention_tests
