#include "common/oracle/visibility.h"

#include <cstdlib>

namespace workbook::oracle {

Visible in_window(std::int64_t window, Mask mask, std::int64_t q_len, std::int64_t kv_len) {
  return [=](std::int64_t row, std::int64_t column) {
    const std::int64_t position = row + kv_len - q_len;
    return std::abs(position - column) < window && (mask == Mask::none || column <= position);
  };
}

Visible in_blocks(const TensorOf<bool>& layout, std::int64_t block_size, Mask mask, std::int64_t q_len,
                  std::int64_t kv_len) {
  return [=](std::int64_t row, std::int64_t column) {
    const std::int64_t position = row + kv_len - q_len;
    return layout.at(position / block_size, column / block_size) && (mask == Mask::none || column <= position);
  };
}

std::int64_t count_pairs(const Visible& visible, std::int64_t q_len, std::int64_t kv_len) {
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < q_len; ++i)
    for (std::int64_t j = 0; j < kv_len; ++j) count += visible(i, j);
  return count;
}

}  // namespace workbook::oracle
