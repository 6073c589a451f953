#pragma once
/// Runs an implementation's code and watches it: the worker's end of CallHost.

#include <memory>
#include <optional>

#include "common/contract/plugin.h"
#include "common/worker/plugin_loader.h"
#include "common/worker/stack.h"

namespace workbook {

class MeteringHost final : public CallHost {
 public:
  /// `stack` is null where calls run on the caller's stack (sanitizers, debuggers); they then report no stack use.
  MeteringHost(const LoadedPlugin& plugin, MeasuredStack* stack);

  void watch(std::uint32_t index, const void* data, std::size_t bytes) override;
  void call(void (*body)(void*), void* context, Evidence& evidence) override;
  void drop(void (*body)(void*), void* context, Evidence& evidence) override;

 private:
  const LoadedPlugin& plugin_;
  MeasuredStack* stack_;
  std::int64_t live_before_ = 0;

  // The counting library's functions, if the plugin is of the `count` flavour.
  void (*watch_reads_)(std::uint32_t, const void*, std::size_t) = nullptr;
  std::size_t (*take_reads_)(std::uint64_t*, std::size_t) = nullptr;
  void (*pause_openmp_)(int) = nullptr;

  // The CUDA simulator's functions, if the plugin runs in it; one for a real GPU has the first.
  void (*begin_cuda_)() = nullptr;
  void (*end_cuda_)() = nullptr;
  void (*take_cuda_)(CudaEvidence*) = nullptr;
};

/// The single-threaded loop of a request: decodes, serves, returns the reply's bytes. Never throws.
Writer serve_request(const LoadedPlugin& plugin, CallHost& host, std::span<const std::byte> request);

}  // namespace workbook
