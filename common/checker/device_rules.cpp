#include "common/checker/device_rules.h"

#include <fmt/format.h>

namespace workbook {

std::optional<std::string> broken_rule(const DeviceCall& call, const CudaEvidence& evidence) {
  if (!evidence.simulated) return std::nullopt;
  if (const std::uint64_t copied = evidence.to_host.bytes + evidence.to_device.bytes; copied > 0)
    return fmt::format(
        "copies {} bytes between host and device; expected none: its arguments are on the device, and what is computed "
        "of them is computed there",
        copied);
  if (call.output_bytes == 0) return std::nullopt;
  if (evidence.launches.empty())
    return fmt::format("launches no kernel; expected one to store the {} bytes of the result", call.output_bytes);
  if (evidence.counted && evidence.stores().bytes < call.output_bytes)
    return fmt::format("its kernels store {} bytes; expected at least the {} of the result", evidence.stores().bytes,
                       call.output_bytes);
  return std::nullopt;
}

std::string refusal_text(const CudaTreatment& treatment) {
  return treatment.refused_allocation > 0
             ? fmt::format("allocation {} was refused, cudaErrorMemoryAllocation", treatment.refused_allocation)
             : fmt::format("launch {} was refused, cudaErrorLaunchOutOfResources", treatment.refused_launch);
}

}  // namespace workbook
