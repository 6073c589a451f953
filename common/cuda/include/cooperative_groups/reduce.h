#pragma once
/// cooperative_groups::reduce over a tile or coalesced threads: every thread gets the result.

#include "../cooperative_groups.h"

namespace cooperative_groups {

#define WORKBOOK_OPERATION(name, expression)                                                          \
  template <class T = void>                                                                           \
  struct name {                                                                                       \
    WORKBOOK_INLINE T operator()(const T& a, const T& b) const { return static_cast<T>(expression); } \
  };
WORKBOOK_OPERATION(plus, a + b)
WORKBOOK_OPERATION(less, b < a ? b : a)
WORKBOOK_OPERATION(greater, a < b ? b : a)
WORKBOOK_OPERATION(bit_and, a& b)
WORKBOOK_OPERATION(bit_or, a | b)
WORKBOOK_OPERATION(bit_xor, a ^ b)
#undef WORKBOOK_OPERATION

template <unsigned kSize, class Parent, class T, class Operation>
WORKBOOK_INLINE T reduce(const thread_block_tile<kSize, Parent>& tile, T value, Operation operation) {
  for (unsigned lanes = kSize / 2; lanes > 0; lanes /= 2)
    value = operation(value, tile.shfl_xor(value, static_cast<int>(lanes)));
  return value;
}
template <class T, class Operation>
WORKBOOK_INLINE T reduce(const coalesced_group& group, T value, Operation operation) {
  T result = group.shfl(value, 0);
  for (unsigned rank = 1; rank < group.size(); ++rank) result = operation(result, group.shfl(value, rank));
  return result;
}

}  // namespace cooperative_groups
