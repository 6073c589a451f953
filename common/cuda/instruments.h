#pragma once
/// What observes an implementation from inside its process: the counting library, the simulator, the GPU's flavour.

#include <cstddef>
#include <cstdint>
#include <span>

namespace workbook {

struct CudaEvidence;
struct CudaTreatment;

/// Any of it may be null.
struct Instruments {
  /// Starts counting reads of these elements, and writes if told so, as number `index`.
  void (*watch_reads)(std::uint32_t index, std::span<const std::byte> elements, bool writes_too) = nullptr;
  /// Writes up to `room` counts of bytes and starts again from zero. @returns how many ranges are watched
  std::size_t (*take_reads)(std::uint64_t* bytes, std::size_t room) = nullptr;
  void (*loaded_cuda)() = nullptr;  ///< once, when the implementation is there and nothing of it was called
  void (*begin_cuda)(const CudaTreatment&) = nullptr;  ///< before the implementation's code runs
  void (*end_cuda)(bool run_kernels) = nullptr;  ///< after it has returned; false: those that come last are not run
  /// What was observed between the two, and every fault until now.
  void (*take_cuda)(CudaEvidence* to) = nullptr;
  /// Who runs, in words, if it is a thread of a kernel. Called in a signal's handler.
  void (*who_runs)(char* to, std::size_t room) = nullptr;
  /// With kernels last: puts tickets in the place of an argument's elements, also where they lie in the message that
  /// brought them; takes both back after the call; and gives values for the tickets in a result.
  void (*conceal)(std::span<std::byte> sent, std::span<std::byte> elements) = nullptr;
  void (*uncover)() = nullptr;
  void (*reveal)(std::span<std::byte> elements) = nullptr;
};

/// The symbol that the counting library, the simulator and plugins of the GPU's flavour export:
/// `extern "C" const Instruments workbook_instruments`.
inline constexpr const char* kInstruments = "workbook_instruments";

}  // namespace workbook
