// The words of check() where the GPU has no code to run.
#include <stdexcept>

#include "victim.h"

using namespace workbook;

Tensor victim::twice(const Tensor&) {
  throw std::runtime_error(
      "kernel.cu:7: cudaErrorNoKernelImageForDevice: no kernel image is available for execution on the device");
}
