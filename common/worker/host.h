#pragma once
/// Runs an implementation's code and watches it: the worker's end of CallHost.

#include <memory>
#include <optional>
#include <vector>

#include "common/contract/plugin.h"
#include "common/cuda/instruments.h"
#include "common/worker/plugin_loader.h"
#include "common/worker/stack.h"

namespace workbook {

class MeteringHost final : public CallHost {
 public:
  /// `stack` is null where calls run on the caller's stack (sanitizers, debuggers); they then report no stack use.
  MeteringHost(const LoadedPlugin& plugin, MeasuredStack* stack);

  void watch(std::uint32_t index, std::span<const std::byte> elements, bool writes_too) override;
  void keep(const void* data, std::size_t bytes) override;
  void conceal(std::span<const std::byte> sent, std::span<const std::byte> elements) override;
  void reveal(std::span<const std::byte> elements) override;
  void call(void (*body)(void*), void* context, Evidence& evidence) override;
  void drop(void (*body)(void*), void* context, Evidence& evidence) override;
  const Instruments& instruments() const { return instruments_; }
  std::vector<std::uint64_t> thrown_at() const override { return thrown_at_; }
  void set_treatment(const CudaTreatment& treatment) override {
    treatment_ = treatment;
    treatment_.kernels_last = treatment.kernels_last && instruments_.conceal;
  }

 private:
  void note_throw();

  const LoadedPlugin& plugin_;
  MeasuredStack* stack_;
  std::int64_t live_before_ = 0;
  CudaTreatment treatment_;
  std::vector<std::uint64_t> thrown_at_;
  std::vector<std::span<std::byte>> kept_;

  Instruments instruments_;
  void (*pause_openmp_)(int) = nullptr;
};

/// The single-threaded loop of a request: decodes, serves, returns the reply's bytes. Never throws.
Writer serve_request(const LoadedPlugin& plugin, CallHost& host, std::span<const std::byte> request);

}  // namespace workbook
