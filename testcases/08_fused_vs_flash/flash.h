#pragma once
/// What flash attention should return, and what it may read.

#include "common/checker/attention/flash.h"
#include "common/checker/attention/log_sum_exp.h"
#include "common/checker/student.h"
#include "common/oracle/softmax.h"
#include "fused_vs_flash.h"

namespace workbook::fused_vs_flash {

using namespace attention_tests;

inline Matches flash_output(const Inputs& in, const FlashOptions& o) {
  return attends_in_tiles(in, {o.mask, o.q_tile, o.kv_tile});
}

/// Checks both results of flash_attention.
inline void check_flash(const FlashResult& got, const Inputs& in, const FlashOptions& o) {
  CHECK_THAT(got.output, flash_output(in, o));
  CHECK_THAT(got.lse, has_log_sum_exp(in, o.mask));
}

/// Checks both results of flash_attention after a call with other inputs of the same shapes.
inline void check_flash_after(const Inputs& earlier, const FlashResult& got, const Inputs& in, const FlashOptions& o) {
  CHECK_THAT(got.output, attends_after(earlier, in, formula(in, o.mask)));
  CHECK_THAT(got.lse, has_log_sum_exp(in, o.mask)
                          .but_not([=] { return oracle::log_sum_exp(oracle::attention_scores(earlier.q, earlier.k)); },
                                   "these are the log-sum-exps of the call before: nothing may be kept"));
}

/// Checks that of keys, or of values, no more was read than the tiles that somebody sees hold. A product reads each key
/// once for every query of a tile; who copies a tile first reads it once. @returns the number of tiles read
inline std::int64_t check_tiles_read(const Inputs& in, const Tensor& argument, const std::string& what,
                                     const FlashOptions& o) {
  if (session().stopped()) return 0;
  const auto read = static_cast<std::int64_t>(evidence().bytes_read(argument).value_or(0));
  const std::int64_t all = bytes_of_tiles(in, {Mask::none, o.q_tile, o.kv_tile});
  const std::int64_t readers = read <= all / o.q_tile ? o.q_tile : 1;  // a copy serves all queries of a tile
  const auto seen = static_cast<double>(bytes_of_tiles(in, {o.mask, o.q_tile, o.kv_tile}));
  CHECK_THAT(evidence(),
             reads_at_most(argument, seen / static_cast<double>(readers),
                           "the " + what + " of the tiles that are seen, once for each query that meets them")
                 .but_not(static_cast<double>(all / readers),
                          "all tiles were computed, also those that no query sees: end the loop over keys after the "
                          "last key of the tile's last query")
                 .but_not(2 * seen,
                          "every tile that is seen was read twice: with a maximum that may grow, one pass over the "
                          "tiles is enough")
                 .but_not(3 * seen,
                          "every tile that is seen was read three times: with a maximum that may grow, one pass "
                          "over the tiles is enough"));
  return read * readers / (std::int64_t{o.q_tile} * o.kv_tile * in.q.dim(3) * static_cast<std::int64_t>(sizeof(float)));
}

}  // namespace workbook::fused_vs_flash
