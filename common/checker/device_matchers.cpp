#include "common/checker/device_matchers.h"

#include <fmt/format.h>

#include "common/checker/session.h"
#include "common/cuda/device_buffer.h"

namespace workbook {

GlobalTraffic CudaEvidence::loads() const {
  GlobalTraffic sum;
  for (const CudaLaunch& launch : launches) sum += launch.loads;
  return sum;
}
GlobalTraffic CudaEvidence::stores() const {
  GlobalTraffic sum;
  for (const CudaLaunch& launch : launches) sum += launch.stores;
  return sum;
}
SharedTraffic CudaEvidence::shared() const {
  SharedTraffic sum;
  for (const CudaLaunch& launch : launches) (sum += launch.shared_loads) += launch.shared_stores;
  return sum;
}

bool ThrowsIfRefused::match(const std::function<void()>& call) const {
  if (session().on_gpu()) session().leave_to_simulator("only the simulator refuses on request");
  session().refuse_in_next_call(refused_.refused_allocation, refused_.refused_launch);
  std::string found = "returned";
  try {
    call();
  } catch (const Stopped&) {
    throw;
  } catch (const std::runtime_error& error) {
    const std::string text = error.what();
    session().take_explanation();
    const bool by_itself = !text.starts_with(kSeenAfterTheCall);
    if (by_itself && (text.find(error_) != text.npos || text.find(meaning_) != text.npos)) return true;
    if (by_itself) found = "threw std::runtime_error: " + text;
  } catch (const std::exception& error) {
    session().take_explanation();
    found = std::string("threw ") + error.what() + ", which is no std::runtime_error";
  }
  if (session().last_call().counts().cuda.refused == 0) return true;
  return session().explain_wrong(
      fmt::format("{}. It {}; expected a std::runtime_error that names the error. {}\n", refusal_text(refused_), found,
                  refused_.refused_launch > 0 ? "A launch returns nothing: check(cudaGetLastError()) behind it throws"
                                              : "check(cudaMalloc(...)) throws what cudaMalloc returns"));
}

ThrowsIfRefused throws_if_allocation_is_refused(std::uint32_t n) {
  return {{.refused_allocation = n}, "cudaErrorMemoryAllocation", "out of memory"};
}
ThrowsIfRefused throws_if_launch_is_refused(std::uint32_t n) {
  return {{.refused_launch = n}, "cudaErrorLaunchOutOfResources", "too many resources"};
}

std::string launch_table(const CudaEvidence& evidence) {
  std::string text;
  constexpr std::size_t kShown = 12;
  for (std::size_t i = 0; i < evidence.launches.size() && i < kShown; ++i) {
    const CudaLaunch& l = evidence.launches[i];
    SharedTraffic shared = l.shared_loads;
    shared += l.shared_stores;
    text += fmt::format(
        "{} <<<({}, {}, {}), ({}, {}, {})>>>: loads {} B in {} sectors ({} cold), stores {} B in {} sectors", l.kernel,
        l.grid[0], l.grid[1], l.grid[2], l.block[0], l.block[1], l.block[2], l.loads.bytes, l.loads.sectors,
        l.loads.cold_sectors, l.stores.bytes, l.stores.sectors);
    if (shared.requests > 0) text += fmt::format(", shared wavefronts {} (ideal {})", shared.wavefronts, shared.ideal);
    if (l.operations.barriers > 0) text += fmt::format(", barriers {}", l.operations.barriers);
    if (l.operations.warp_collectives > 0) text += fmt::format(", warp collectives {}", l.operations.warp_collectives);
    if (l.operations.atomics > 0) text += fmt::format(", atomics {}", l.operations.atomics);
    if (l.operations.matrix_flop > 0) text += fmt::format(", matrix FLOP {}", l.operations.matrix_flop);
    if (l.operations.overlapped_flop > 0)
      text += fmt::format(" ({} with copies under way)", l.operations.overlapped_flop);
    text += '\n';
  }
  if (evidence.launches.size() > kShown) text += fmt::format("... {} launches in all\n", evidence.launches.size());
  return text;
}

bool DeviceGate::match(const CudaEvidence& evidence) const {
  if (session().last_call().threw()) return true;  // the verdict is known
  session().note_judged("device");
  const double found = measure_(evidence);
  if (least_ <= found && found <= bound_) return true;
  const std::string expected = least_ == bound_ ? fmt::format("{:.10g}: {}", bound_, why_)
                               : found > bound_ ? fmt::format("at most {:.10g}: {}", bound_, why_)
                                                : fmt::format("at least {:.10g}, what the result depends on", least_);
  return session().explain_wrong(
      fmt::format("{}: {:.10g}; expected {}\n{}", what_, found, expected, launch_table(evidence)));
}

bool DoneOnDevice::match(const CudaEvidence& evidence) const {
  if (session().last_call().threw()) return true;
  session().note_judged("device");
  if (!evidence.counted || in_.empty()) return true;
  const std::string missing = what_is_missing(evidence);
  return missing.empty() || session().explain_wrong(missing + "\n" + launch_table(evidence));
}

std::string DoneOnDevice::what_is_missing(const CudaEvidence& evidence) const {
  const auto other = [](const CudaCopies& copies, std::span<const std::byte> expected) {
    return copies.bytes != expected.size() || copies.fingerprint != fingerprint(expected);
  };
  if (evidence.launches.empty()) return "launches no kernel; what it returns was computed on the host";
  if (other(evidence.to_device, in_))
    return fmt::format("copies {} bytes to the device; expected the {} of the input, once, from its first to its last",
                       evidence.to_device.bytes, in_.size());
  if (other(evidence.to_host, out_))
    return fmt::format("copies {} bytes back from the device; expected the {} that it returns, just as they were there",
                       evidence.to_host.bytes, out_.size());
  if (evidence.loads().bytes < in_.size())
    return fmt::format("its threads load {} bytes of global memory; expected at least the {} of the input",
                       evidence.loads().bytes, in_.size());
  if (evidence.stores().bytes < out_.size())
    return fmt::format("its threads store {} bytes of global memory; expected at least the {} of the result",
                       evidence.stores().bytes, out_.size());
  return {};
}

namespace {
double bytes_of(std::uint64_t bytes) { return static_cast<double>(bytes); }
}  // namespace

DeviceGate traffic_at_most(double bytes, std::string why) {
  return {"bytes that its threads load and store in global memory",
          [](const CudaEvidence& e) { return bytes_of(e.loads().bytes + e.stores().bytes); }, bytes, std::move(why)};
}
DeviceGate loads_at_most(double bytes, std::string why) { return loads_within(0, bytes, std::move(why)); }
DeviceGate loads_within(double least, double bytes, std::string why) {
  return {"bytes that its threads load from global memory",
          [](const CudaEvidence& e) { return bytes_of(e.loads().bytes); }, bytes, std::move(why), least};
}
DeviceGate stores_at_most(double bytes, std::string why) {
  return {"bytes that its threads store to global memory",
          [](const CudaEvidence& e) { return bytes_of(e.stores().bytes); }, bytes, std::move(why)};
}
DeviceGate sector_traffic_at_most(double bytes, std::string why) {
  return {"bytes moved in sectors of 32 bytes",
          [](const CudaEvidence& e) { return 32 * bytes_of(e.loads().sectors + e.stores().sectors); }, bytes,
          std::move(why)};
}
DeviceGate load_sectors_at_most(double times, std::string why) {
  return {"bytes loaded in sectors of 32, for each byte that its threads ask for",
          [](const CudaEvidence& e) {
            const GlobalTraffic loads = e.loads();
            return loads.bytes == 0 ? 0 : 32 * bytes_of(loads.sectors) / bytes_of(loads.bytes);
          },
          times, std::move(why)};
}
DeviceGate bank_conflicts_at_most(double ratio, std::string why) {
  return {"passes over shared memory for one that would do",
          [](const CudaEvidence& e) {
            const SharedTraffic shared = e.shared();
            return shared.ideal == 0 ? 1.0 : bytes_of(shared.wavefronts) / bytes_of(shared.ideal);
          },
          ratio, std::move(why)};
}
DeviceGate launches_at_most(double launches, std::string why) {
  return {"kernel launches", [](const CudaEvidence& e) { return static_cast<double>(e.launches.size()); }, launches,
          std::move(why)};
}
DeviceGate device_memory_at_most(double bytes, std::string why) {
  return {"bytes of device memory allocated by the call", [](const CudaEvidence& e) { return bytes_of(e.peak_bytes); },
          bytes, std::move(why)};
}

}  // namespace workbook
