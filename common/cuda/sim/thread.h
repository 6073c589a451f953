#pragma once
/// One thread of a block: a fiber, what it waits at, and its copies under way.

#include <boost/context/detail/fcontext.hpp>
#include <cstdint>
#include <vector>

#include "common/cuda/include/workbook_sim/builtins.h"
#include "common/cuda/include/workbook_sim/warp.h"

namespace workbook::cuda {

/// A cp.async: it lands when its thread waits for it.
struct DeviceCopy {
  char* to;
  const char* from;
  unsigned bytes, source_bytes;  ///< what the source has not is filled with zeros
  unsigned group;
  const void* place;
};

enum class State : std::uint8_t { ready, at_barrier, at_collective, done };

struct Thread {
  boost::context::detail::fcontext_t context = nullptr;
  State state = State::done;
  unsigned number = 0;
  uint3 index;
  const void* place = nullptr;  ///< what it waits at
  // of a barrier
  WorkbookBarrier barrier = workbook_barrier_plain;
  int predicate = 0, line = 0;
  // of a collective
  WorkbookCollective collective = workbook_sync_warp;
  unsigned mask = 0;
  int argument = 0, width = 32;
  std::uint64_t value = 0;
  std::uint64_t result = 0;
  // asynchronous copies under way, and the group that the next one belongs to
  std::vector<DeviceCopy> copies;
  unsigned copy_group = 0;
};

}  // namespace workbook::cuda
