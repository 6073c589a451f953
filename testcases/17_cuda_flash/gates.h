#pragma once
/// Bounds on what a kernel moves, with the reason for each. A measure that fits a known mistake is named.

#include "common/checker/launches.h"
#include "flash.h"

namespace workbook::cuda_flash {

/// Checks the bytes loaded by the last call. Bounds are a quarter above what the contract promises.
inline void check_loads(const Problem& p) {
  const double loaded = static_cast<double>(device().loads().bytes), due = static_cast<double>(expected_loads(p));
  Problem whole = p;
  whole.mask = Mask::none;
  const double queries = 4.0 * p.batch * p.heads * p.q_len * p.head_dim;
  const double kv = static_cast<double>(expected_kv_bytes(p)), all = static_cast<double>(expected_kv_bytes(whole));
  const double tiles = (p.kv_len + kTile - 1) / kTile;
  const double row = 8.0 * p.head_dim * p.batch * p.heads;  // a key and its value, in every head
  double rows = 0;
  for (int i = 0; i < p.q_len; ++i)
    rows += p.mask == Mask::none ? p.kv_len : std::clamp(i + 1 + p.kv_len - p.q_len, 0, p.kv_len);
  const auto near = [&](double bytes) { return std::abs(loaded - bytes) < 0.1 * bytes; };
  std::string why = fmt::format(
      "each of the {} blocks loads its queries once ({} in all) and the keys and values that its "
      "last query sees ({}); a quarter more is allowed",
      (p.q_len + kTile - 1) / kTile * p.heads * p.batch, kib(queries), kib(kv));
  if (p.mask == Mask::causal && near(queries + all))
    why +=
        ". About as much is loaded if all tiles are, also those that no query of the block sees: does the walk end "
        "after the last "
        "query's last key?";
  else if (near(queries + row * rows))
    why += ". About as much is loaded if each query has keys and values of its own: do the 32 of a block share them?";
  else if (near(tiles * queries + kv) || near(tiles * queries + all))
    why +=
        ". About as much is loaded if the queries are, again, for every tile of keys: do they stay in shared memory?";
  const double once = 8.0 * p.batch * p.kv_heads * p.kv_len * p.head_dim;  // the last query sees every key
  CHECK_THAT(device(), loads_within(once, 1.25 * due, why));
}

/// Checks that nothing like a score matrix went to or through device memory, in one launch.
inline void check_no_score_matrix(const Problem& p) {
  const double outputs = 4.0 * p.batch * p.heads * p.q_len * (p.head_dim + 1);
  CHECK_THAT(device(), launches_once(device(), "tiles, softmax and weighted sum are steps of one kernel"));
  CHECK_THAT(device(), device_memory_at_most(0,
                                             "scores and weights live in registers and shared memory; the scores of "
                                             "this call would be " +
                                                 kib(4.0 * p.batch * p.heads * p.q_len * p.kv_len)));
  CHECK_THAT(device(), stores_at_most(outputs, "the output and its log-sum-exps are stored once, and nothing else"));
}

/// Checks that global memory is loaded in whole sectors.
inline void check_sectors(double slack) {
  CHECK_THAT(device(), load_sectors_at_most(
                           slack,
                           "a warp's lanes read elements that are far apart, and of each sector only a part is used. "
                           "Rows of a tile lie behind each other in memory: thread t takes elements t, t + 64, ..."));
}

/// Checks that shared memory is read and written without bank conflicts, or nearly so.
inline void check_banks(double ratio) {
  CHECK_THAT(device(), bank_conflicts_at_most(ratio,
                                              "eight lanes read the same float4 of eight rows: the rows must begin in "
                                              "different groups of four banks. See tile_pitch, and what a row of "
                                              "weights takes"));
}

}  // namespace workbook::cuda_flash
