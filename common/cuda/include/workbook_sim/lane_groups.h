#pragma once
/// A part of cooperative_groups.h: groups that are known when the kernel runs.

#include <bit>

namespace cooperative_groups {

/// The lanes that have come here together.
class coalesced_group {
 public:
  WORKBOOK_INLINE explicit coalesced_group(unsigned mask) : mask_(mask) {}
  WORKBOOK_INLINE unsigned size() const { return static_cast<unsigned>(std::popcount(mask_)); }
  WORKBOOK_INLINE unsigned num_threads() const { return size(); }
  WORKBOOK_INLINE unsigned thread_rank() const { return rank_of(workbook::cuda::lane_of_warp()); }
  WORKBOOK_INLINE static unsigned meta_group_rank() { return 0; }
  WORKBOOK_INLINE static unsigned meta_group_size() { return 1; }
  WORKBOOK_INLINE void sync() const { __syncwarp(mask_); }
  template <class T>
  WORKBOOK_INLINE T shfl(T value, unsigned rank) const {
    return __shfl_sync(mask_, value, static_cast<int>(lane_of(rank % size())));
  }
  template <class T>
  WORKBOOK_INLINE T shfl_up(T value, unsigned delta) const {
    const unsigned rank = thread_rank();
    return shfl(value, rank >= delta ? rank - delta : rank);
  }
  template <class T>
  WORKBOOK_INLINE T shfl_down(T value, unsigned delta) const {
    const unsigned rank = thread_rank();
    return shfl(value, rank + delta < size() ? rank + delta : rank);
  }
  WORKBOOK_INLINE int any(int predicate) const { return __any_sync(mask_, predicate); }
  WORKBOOK_INLINE int all(int predicate) const { return __all_sync(mask_, predicate); }
  WORKBOOK_INLINE unsigned ballot(int predicate) const { return packed(__ballot_sync(mask_, predicate)); }
  template <class T>
  WORKBOOK_INLINE unsigned match_any(T value) const {
    return packed(__match_any_sync(mask_, value));
  }

 private:
  friend class thread_group;
  WORKBOOK_INLINE unsigned rank_of(unsigned lane) const {
    return static_cast<unsigned>(std::popcount(mask_ & ((1u << lane) - 1)));
  }
  WORKBOOK_INLINE unsigned lane_of(unsigned rank) const {
    unsigned rest = mask_;
    for (; rank > 0; --rank) rest &= rest - 1;
    return static_cast<unsigned>(std::countr_zero(rest));
  }
  /// Bits by lane as bits by rank.
  WORKBOOK_INLINE unsigned packed(unsigned lanes) const {
    unsigned result = 0;
    for (unsigned rest = lanes; rest; rest &= rest - 1)
      result |= 1u << rank_of(static_cast<unsigned>(std::countr_zero(rest)));
    return result;
  }

  unsigned mask_;
};

WORKBOOK_INLINE coalesced_group coalesced_threads() { return coalesced_group(__activemask()); }

/// Any of the groups, for functions that take whatever they are given.
class thread_group {
 public:
  WORKBOOK_INLINE thread_group(const thread_block&) : lanes_(0), is_block_(true) {}
  WORKBOOK_INLINE thread_group(const coalesced_group& group) : lanes_(group) {}
  template <unsigned kSize, class Parent>
  WORKBOOK_INLINE thread_group(const thread_block_tile<kSize, Parent>& tile) : lanes_(tile.mask()) {}
  WORKBOOK_INLINE unsigned size() const { return is_block_ ? thread_block::size() : lanes_.size(); }
  WORKBOOK_INLINE unsigned num_threads() const { return size(); }
  WORKBOOK_INLINE unsigned thread_rank() const {
    return is_block_ ? thread_block::thread_rank() : lanes_.thread_rank();
  }
  WORKBOOK_INLINE void sync(int line = __builtin_LINE()) const {
    if (is_block_)
      thread_block::sync(line);
    else
      lanes_.sync();
  }
  /// Tiles of `size` of its threads, in order.
  WORKBOOK_INLINE thread_group tile_of(unsigned size) const {
    if (size < 1 || size > 32 || (size & (size - 1))) __trap();
    const unsigned lane = workbook::cuda::lane_of_warp(), group = (is_block_ ? lane : lanes_.rank_of(lane)) / size;
    unsigned mask = 0;
    for (unsigned l = 0; l < 32; ++l)
      if ((is_block_ || (lanes_.mask_ >> l & 1)) && (is_block_ ? l : lanes_.rank_of(l)) / size == group)
        mask |= 1u << l;
    return thread_group(coalesced_group(mask));
  }

 private:
  coalesced_group lanes_;
  bool is_block_ = false;
};
WORKBOOK_INLINE thread_group tiled_partition(const thread_group& parent, unsigned size) { return parent.tile_of(size); }

template <class Group>
WORKBOOK_INLINE void sync(const Group& group) {
  group.sync();
}
WORKBOOK_INLINE void sync(const thread_block& block, int line = __builtin_LINE()) { block.sync(line); }
WORKBOOK_INLINE void sync(const thread_group& group, int line = __builtin_LINE()) { group.sync(line); }

template <class Group, class Function, class... Arguments>
WORKBOOK_INLINE void invoke_one(const Group& group, Function&& function, Arguments&&... arguments) {
  if (group.thread_rank() == 0) function(arguments...);
}

}  // namespace cooperative_groups
