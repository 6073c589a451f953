#pragma once
/// Which keys a query sees in sparse attention, as conditions on positions. Query `row` stands at position
/// row + kv_len - q_len.

#include "common/oracle/attention.h"

namespace workbook::oracle {

/// A sliding window that counts the query itself: |position - column| < window, and with a causal mask also
/// column <= position.
Visible in_window(std::int64_t window, Mask mask, std::int64_t q_len, std::int64_t kv_len);

/// A layout [blocks, blocks] of positions: layout[position / block_size, column / block_size], and with a causal mask
/// also column <= position. @pre q_len <= kv_len
Visible in_blocks(const TensorOf<bool>& layout, std::int64_t block_size, Mask mask, std::int64_t q_len,
                  std::int64_t kv_len);

/// How many (query, key) pairs there are to compute.
std::int64_t count_pairs(const Visible& visible, std::int64_t q_len, std::int64_t kv_len);

}  // namespace workbook::oracle
