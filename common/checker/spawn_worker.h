#pragma once
/// Starts a worker, in a sandbox when grading, and ends it with everything around it.

#include <sys/types.h>

#include "common/checker/worker_process.h"
#include "common/system/file_descriptor.h"

namespace workbook {

using system::FileDescriptor;

struct SpawnedWorker {
  pid_t child = -1;       ///< our child: the worker, or the outermost process of its sandbox
  pid_t worker = -1;      ///< the worker itself
  FileDescriptor handle;  ///< the worker, as a descriptor, if it is not our child
  FileDescriptor socket;
  std::uint64_t empty = 0;  ///< bytes of memory that it had before it loaded anything
  FileDescriptor output;    ///< what it prints; only to be read with pread: its size is the worker's to change
};

/// @throws Fault if it cannot be started, or if its sandbox cannot be set up: until the worker says that it is locked
///         down, nothing of the implementation has run, so whatever goes wrong is not the implementation's doing.
SpawnedWorker spawn_worker(const RunOptions& options);

/// How long starting took, of all workers so far: in a sandbox, mostly its set-up.
double seconds_spent_starting();

/// Most memory that it had so far, beyond what it was empty: every mapping and every stack, as the kernel counts them.
/// The implementation has no hand in it. The largest number if the process is gone.
std::uint64_t memory_peak(const SpawnedWorker& worker);

/// Kills it and waits until it is gone; returns our child's wait status.
int end_worker(SpawnedWorker& worker);

}  // namespace workbook
