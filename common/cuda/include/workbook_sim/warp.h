#pragma once
/// What the lanes of a warp do together.

#include <bit>
#include <type_traits>

#include "builtins.h"

enum WorkbookCollective {
  workbook_shuffle_index,
  workbook_shuffle_up,
  workbook_shuffle_down,
  workbook_shuffle_xor,
  workbook_sync_warp,
  workbook_ballot,
  workbook_match_any,
  workbook_reduce_add,
  workbook_reduce_min,
  workbook_reduce_max,
  workbook_reduce_min_signed,
  workbook_reduce_max_signed,
  workbook_reduce_and,
  workbook_reduce_or,
  workbook_reduce_xor,
  workbook_matrix_multiply,  ///< `value`: address of a WorkbookMultiply
  workbook_matrix_exchange,  ///< of lane `argument`, as a part of ldmatrix
  workbook_matrix_access,    ///< a fragment is loaded or stored
  workbook_active_lanes,
};

/// Waits for the lanes of `mask`, then gives this lane its result. `argument` is a lane, a delta or a lane mask.
extern "C" WORKBOOK_BOTH unsigned long long workbook_cuda_collective(enum WorkbookCollective what, unsigned mask,
                                                                     unsigned long long value, int argument, int width);
/// Meets the lanes that come to this call while no other lane of the warp can go on; a bit for each.
extern "C" WORKBOOK_BOTH unsigned workbook_cuda_active_lanes(void);

namespace workbook::cuda {

template <class T>
WORKBOOK_INLINE T shuffle(WorkbookCollective what, unsigned mask, T value, int argument, int width) {
  static_assert(sizeof(T) <= 8, "a shuffle moves 2, 4 or 8 bytes");
  unsigned long long bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  bits = workbook_cuda_collective(what, mask, bits, argument, width);
  T result;
  __builtin_memcpy(static_cast<void*>(&result), &bits, sizeof(T));
  return result;
}

/// The same of a value of any size, as a group of threads does it: one shuffle for each 8 bytes.
template <class T>
WORKBOOK_INLINE T shuffle_parts(WorkbookCollective what, unsigned mask, const T& value, int argument, int width) {
  if constexpr (sizeof(T) <= 8) {
    return shuffle(what, mask, value, argument, width);
  } else {
    unsigned long long parts[(sizeof(T) + 7) / 8] = {};
    __builtin_memcpy(parts, &value, sizeof(T));
    for (unsigned long long& part : parts) part = shuffle(what, mask, part, argument, width);
    T result;
    __builtin_memcpy(static_cast<void*>(&result), parts, sizeof(T));
    return result;
  }
}

}  // namespace workbook::cuda

template <class T>
WORKBOOK_INLINE T __shfl_sync(unsigned mask, T value, int lane, int width = 32) {
  return workbook::cuda::shuffle(workbook_shuffle_index, mask, value, lane, width);
}
template <class T>
WORKBOOK_INLINE T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  return workbook::cuda::shuffle(workbook_shuffle_up, mask, value, static_cast<int>(delta), width);
}
template <class T>
WORKBOOK_INLINE T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  return workbook::cuda::shuffle(workbook_shuffle_down, mask, value, static_cast<int>(delta), width);
}
template <class T>
WORKBOOK_INLINE T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32) {
  return workbook::cuda::shuffle(workbook_shuffle_xor, mask, value, lanes, width);
}

WORKBOOK_INLINE void __syncwarp(unsigned mask = 0xffffffffu) {
  workbook_cuda_collective(workbook_sync_warp, mask, 0, 0, 32);
}
WORKBOOK_INLINE unsigned __ballot_sync(unsigned mask, int predicate) {
  return static_cast<unsigned>(workbook_cuda_collective(workbook_ballot, mask, predicate != 0, 0, 32));
}
WORKBOOK_INLINE int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
WORKBOOK_INLINE int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }
WORKBOOK_INLINE unsigned __activemask() { return workbook_cuda_active_lanes(); }

template <class T>
WORKBOOK_INLINE unsigned __match_any_sync(unsigned mask, T value) {
  unsigned long long bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  return static_cast<unsigned>(workbook_cuda_collective(workbook_match_any, mask, bits, 0, 32));
}

/// All lanes of the mask if all have the same value, else 0.
template <class T>
WORKBOOK_INLINE unsigned __match_all_sync(unsigned mask, T value, int* all) {
  const unsigned same = __match_any_sync(mask, value);
  *all = same == __ballot_sync(mask, 1);
  return *all ? same : 0;
}

template <class T>
WORKBOOK_INLINE T __reduce_add_sync(unsigned mask, T value) {
  return static_cast<T>(
      workbook_cuda_collective(workbook_reduce_add, mask, static_cast<unsigned long long>(value), 0, 32));
}
#define WORKBOOK_REDUCE(name, for_unsigned, for_signed)                                            \
  WORKBOOK_INLINE unsigned name(unsigned mask, unsigned value) {                                   \
    return static_cast<unsigned>(workbook_cuda_collective(for_unsigned, mask, value, 0, 32));      \
  }                                                                                                \
  WORKBOOK_INLINE int name(unsigned mask, int value) {                                             \
    return static_cast<int>(workbook_cuda_collective(                                              \
        for_signed, mask, static_cast<unsigned long long>(static_cast<long long>(value)), 0, 32)); \
  }
WORKBOOK_REDUCE(__reduce_min_sync, workbook_reduce_min, workbook_reduce_min_signed)
WORKBOOK_REDUCE(__reduce_max_sync, workbook_reduce_max, workbook_reduce_max_signed)
WORKBOOK_REDUCE(__reduce_and_sync, workbook_reduce_and, workbook_reduce_and)
WORKBOOK_REDUCE(__reduce_or_sync, workbook_reduce_or, workbook_reduce_or)
WORKBOOK_REDUCE(__reduce_xor_sync, workbook_reduce_xor, workbook_reduce_xor)
#undef WORKBOOK_REDUCE
