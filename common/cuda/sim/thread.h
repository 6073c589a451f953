#pragma once
/// One thread of a block: a fiber, what it waits at, and its copies under way.

#include <array>
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

/// Where a call stands, and where the functions around it were called: return addresses, the innermost first.
struct CallPath {
  std::array<const void*, 8> places{};
  unsigned depth = 0;

  bool operator==(const CallPath&) const = default;
};

struct Thread {
  boost::context::detail::fcontext_t context = nullptr;
  State state = State::done;
  unsigned number = 0;
  uint3 index;
  const void* place = nullptr;  ///< what it waits at
  // of a barrier
  WorkbookBarrier barrier = workbook_barrier_plain;
  int predicate = 0, which = 0;
  CallPath calls;
  // of a collective
  WorkbookCollective collective = workbook_sync_warp;
  unsigned mask = 0;
  int argument = 0, width = 32;
  std::uint64_t value = 0;
  std::uint64_t result = 0;
  // asynchronous copies under way, and the group that the next one belongs to
  std::vector<DeviceCopy> copies;
  unsigned copy_group = 0;
  int groups_left = 0;  ///< that the last wait has not waited for
};

}  // namespace workbook::cuda
