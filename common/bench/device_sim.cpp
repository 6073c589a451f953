// What the simulator has not. Its counts come from the lessons' kernels alone.

#include <stdexcept>

#include "common/bench/device.h"

namespace workbook::bench {

void Device::narrow(const float* /*from*/, void* /*to*/, std::int64_t /*count*/, Element /*element*/) {
  throw std::domain_error("the simulator has nothing to round for");
}

void Device::multiply(const Product& /*product*/) { throw std::domain_error("the simulator has no cuBLAS"); }

double Device::burst(attention_layer::Ceiling /*ceiling*/) { throw std::domain_error("the simulator has no clock"); }

}  // namespace workbook::bench
