#pragma once
/// The messages between checker and worker, and the evidence that comes with each reply.
///
/// A frame is a FrameHeader and then `length` bytes. The worker says Ready when it is locked down and nothing of the
/// implementation is loaded yet, and goes on when the checker has answered the same. Then it says Hello, answers each
/// Request with a Reply that carries the request's id, and may end with a Fatal, a fixed block that a signal handler
/// can write.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/contract/codec.h"
#include "common/cuda/evidence.h"

namespace workbook {

/// What the worker observed during one call. All sizes in bytes.
struct Evidence {
  std::uint64_t heap_peak = 0;     ///< most live at once during the call, above what was live before it
  std::uint64_t returned = 0;      ///< freed again when the returned value was destroyed
  std::int64_t kept = 0;           ///< still live after that: leaks, caches, state of an object
  std::uint64_t allocations = 0;   ///< by every route: malloc, new, aligned, mmap
  std::uint64_t stack = 0;         ///< deepest use of the stack
  std::uint64_t static_data = 0;   ///< its writable static and thread-local data, and heap held since loading
  std::uint32_t threads_left = 0;  ///< still running after the call
  std::vector<std::uint32_t> inputs_modified;  ///< positions of read-only parameters that were written to
  /// `count` flavour: from each parameter's elements, repetitions included; of an object's storage, written ones too
  std::vector<std::uint64_t> bytes_read;
  std::vector<double> seconds;  ///< one for each repeat
  CudaEvidence cuda;            ///< CUDA lessons in the simulator

  /// Memory a call needs beyond its arguments and what it returns.
  std::uint64_t workspace() const { return (heap_peak > returned ? heap_peak - returned : 0) + stack + static_data; }
};

enum class FrameKind : std::uint32_t { hello = 0x57420001, request, reply, fatal, ready };

struct FrameHeader {
  FrameKind kind;
  std::uint32_t id = 0;  ///< of a request, chosen by the checker; its reply repeats it
  std::uint64_t length = 0;
};

/// Sent once the implementation is loaded, or could not be.
struct Hello {
  std::string contract;  ///< mangled name of its Contract<...>
  std::string error;     ///< why it could not be loaded; else empty
  bool metered = false;  ///< heap and stack are counted in this worker
};

/// A request is this, then the encoded arguments.
struct RequestHead {
  std::uint32_t function = 0;  ///< position in the contract, or kRelease
  std::uint32_t repeats = 1;   ///< calls in a row, each with fresh arguments; only the last result is sent
  CudaTreatment treatment = {};
};
inline constexpr std::uint32_t kRelease = 0xffffffff;  ///< destroys the object whose id follows

enum class Outcome : std::uint8_t { returned, not_implemented, threw };

/// Of one text from an implementation, in bytes; what is longer is cut.
inline constexpr std::size_t kLongestText = 8192;

/// A reply is this, then (if the call returned) the result and the in/out arguments.
struct ReplyHead {
  Outcome outcome = Outcome::returned;
  std::string exception;  ///< threw: its type, "std::invalid_argument"; not_implemented: the function
  std::string text;       ///< threw: what(); not_implemented: the file
  int line = 0;
  std::vector<std::uint64_t> thrown_at;  ///< threw: the calls inside the plugin that led there, as offsets
  Evidence evidence;
};

enum class FatalKind : std::uint32_t { signal, out_of_memory, timed_out, data_race };

/// The end of a worker, told by itself: plain bytes, since it is written from a signal handler or from malloc.
struct Fatal {
  FatalKind kind = FatalKind::signal;
  std::int32_t signal = 0;
  std::uint32_t stack_overflow = 0;
  std::uint32_t forbidden = 0;  ///< SIGSEGV: the memory is there, and may not be touched like this
  std::uint32_t frames = 0;
  std::uint64_t asked = 0;      ///< out_of_memory: the request that went too far
  std::array<char, 160> who{};  ///< the thread of a kernel, in words; ends at the first 0
  /// Call stack inside the plugin, innermost first, from its load address; data_race: both accesses.
  std::array<std::uint64_t, 16> offsets{};
};

}  // namespace workbook
