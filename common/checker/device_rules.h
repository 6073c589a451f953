#pragma once
/// What every call on the device has to do there, whatever a test asks for: a bound from above alone would be kept by
/// a call that computes on the host.

#include <cstdint>
#include <optional>
#include <string>

#include "common/cuda/evidence.h"

namespace workbook {

/// A call with arguments on the device.
struct DeviceCall {
  std::uint64_t output_bytes = 0;  ///< of what it has to write
};

/// What the call has not done as it must, in words; nothing if all is well. Without the simulator nothing is known.
std::optional<std::string> broken_rule(const DeviceCall& call, const CudaEvidence& evidence);

/// What the simulator was made to refuse, in words.
std::string refusal_text(const CudaTreatment& treatment);

}  // namespace workbook
