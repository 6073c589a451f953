#pragma once
/// Gates on what a call's kernels did, as the simulator counted it. Each takes the bound and where it comes from.
///
///     CHECK_THAT(device(), traffic_at_most(3 * n * 4, "q, k and v once each"));

#include <functional>
#include <span>
#include <string>

#include "common/cuda/evidence.h"

namespace workbook {

/// Matches evidence of which some measure is at most a bound.
class DeviceGate {
 public:
  using Measure = std::function<double(const CudaEvidence&)>;
  DeviceGate(std::string what, Measure measure, double bound, std::string why, double least = 0)
      : what_(std::move(what)), measure_(std::move(measure)), bound_(bound), why_(std::move(why)), least_(least) {}
  bool match(const CudaEvidence& evidence) const;
  std::string toString() const { return "stays within the bound"; }  // Catch2 wants this name

 private:
  std::string what_;
  Measure measure_;
  double bound_;
  std::string why_;
  double least_;  ///< nobody gets there with less, except by doing the work elsewhere
};

/// Bytes of global memory that threads load and store.
DeviceGate traffic_at_most(double bytes, std::string why);
DeviceGate loads_at_most(double bytes, std::string why);
DeviceGate stores_at_most(double bytes, std::string why);
/// Loads at most `bytes`, and what the result depends on, `least`, at least once.
DeviceGate loads_within(double least, double bytes, std::string why);
/// Sectors of 32 bytes, times 32: what coalescing changes.
DeviceGate sector_traffic_at_most(double bytes, std::string why);
/// Sectors that are loaded, times 32, for each byte that threads ask for: 1 if lanes side by side load words side by
/// side.
DeviceGate load_sectors_at_most(double times, std::string why);
/// Shared memory's wavefronts over the ideal: 1 is free of bank conflicts.
DeviceGate bank_conflicts_at_most(double ratio, std::string why);
DeviceGate launches_at_most(double launches, std::string why);
/// Device memory that the call allocates itself, most at once.
DeviceGate device_memory_at_most(double bytes, std::string why);

/// Matches a call with tensors of the host that has copied `in` to the device, and nothing else, that has loaded all of
/// it there, and that returns what it has stored there, `out`.
class DoneOnDevice {
 public:
  DoneOnDevice(std::span<const float> in, std::span<const float> out)
      : in_(std::as_bytes(in)), out_(std::as_bytes(out)) {}
  bool match(const CudaEvidence& evidence) const;
  std::string toString() const { return "was done on the device"; }  // Catch2 wants this name

 private:
  std::string what_is_missing(const CudaEvidence& evidence) const;
  std::span<const std::byte> in_, out_;
};

/// Matches a call that throws the error of an allocation, or a launch, that the simulator refuses: the n-th of the
/// call, from 1. It also matches a call with fewer. What a refused call leaves on the device is found without this. A
/// GPU refuses nothing on request: there the test cannot be verified.
///
///     CHECK_THAT([&] { student<scaled>(x, 2); }, throws_if_launch_is_refused());
class ThrowsIfRefused {
 public:
  ThrowsIfRefused(CudaTreatment refused, std::string error, std::string meaning)
      : refused_(refused), error_(std::move(error)), meaning_(std::move(meaning)) {}
  bool match(const std::function<void()>& call) const;
  std::string toString() const { return "throws what CUDA has returned"; }

 private:
  CudaTreatment refused_;
  std::string error_, meaning_;  ///< in CUDA's words
};
ThrowsIfRefused throws_if_allocation_is_refused(std::uint32_t n = 1);
ThrowsIfRefused throws_if_launch_is_refused(std::uint32_t n = 1);

/// One line for each launch: kernel, shape, bytes, sectors, wavefronts. What --meter prints.
std::string launch_table(const CudaEvidence& evidence);

}  // namespace workbook
