#pragma once
/// What a plugin (an implementation compiled to a shared library) and its host (the worker) know of each other.

#include <cstddef>
#include <span>

#include "common/contract/message.h"

namespace workbook {

/// The host's side of a call: it runs the implementation's code and watches it.
class CallHost {
 public:
  virtual ~CallHost() = default;

  /// For the calls of one request, before anything else.
  virtual void set_treatment(const CudaTreatment& treatment) = 0;

  /// An argument's elements lie here; reads of them, and writes if told so, are counted for parameter `index` (`count`
  /// flavour).
  virtual void watch(std::uint32_t index, std::span<const std::byte> elements, bool writes_too) = 0;

  /// Nobody may write to these bytes during the next call. Holds for the whole pages among them.
  virtual void keep(const void* data, std::size_t bytes) = 0;

  /// Simulator, with kernels last: the next call's host code finds neither these elements of an argument nor what was
  /// sent for them, which ends with the same bytes.
  virtual void conceal(std::span<const std::byte> sent, std::span<const std::byte> elements) = 0;
  /// The values of a result's elements that kernels have computed after the call.
  virtual void reveal(std::span<const std::byte> elements) = 0;

  /// Runs `body` metered and timed; what was observed goes to `evidence`. `body` does not throw.
  virtual void call(void (*body)(void*), void* context, Evidence& evidence) = 0;

  /// The calls inside the plugin that led to the last exception of that call: offsets, innermost first.
  virtual std::vector<std::uint64_t> thrown_at() const = 0;

  /// Runs `body`, which destroys the returned value, and completes the evidence of the call before it.
  virtual void drop(void (*body)(void*), void* context, Evidence& evidence) = 0;
};

struct PluginTable {
  const char* contract;  ///< mangled name of the Contract<...> it was built for
  /// Starts the device before the first call, which is then not charged with the driver's threads and memory. Null in
  /// a plugin that uses none.
  void (*start_device)();
  /// Serves one request whose head has been read; throws WireError if the arguments are malformed.
  void (*serve)(const RequestHead& head, Reader& arguments, Writer& reply, CallHost& host);
};

/// The symbol a plugin exports: `extern "C" const PluginTable* workbook_plugin()`.
inline constexpr const char* kPluginEntry = "workbook_plugin";

}  // namespace workbook
