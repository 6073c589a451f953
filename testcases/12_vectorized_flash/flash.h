#pragma once
/// What flash_attention should return.

#include "common/checker/attention/flash.h"
#include "common/checker/attention/log_sum_exp.h"
#include "common/checker/student.h"
#include "vectorized_flash.h"

namespace workbook::vectorized_flash {

using namespace attention_tests;

/// Matches the output. Suspicions about tiles are those of strips of kStrip queries and blocks of 96 keys; there are
/// dozens of them, so large inputs go without.
inline Matches flash_output(const Inputs& in, Mask mask) {
  return in.q.size() * in.kv_len() > kAffordable ? matches_attention(in, formula(in, mask))
                                                 : attends_in_tiles(in, {mask, kStrip, 96});
}

/// Calls flash_attention and checks both results.
inline void check_flash(const Inputs& in, const FlashOptions& options) {
  const FlashResult got = student<flash_attention>(in.q, in.k, in.v, options);
  CHECK_THAT(got.output, flash_output(in, options.mask));
  CHECK_THAT(got.lse, has_log_sum_exp(in, options.mask));
}

}  // namespace workbook::vectorized_flash
