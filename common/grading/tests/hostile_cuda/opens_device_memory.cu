// Must get: does_not_compile
// The fence says: it uses mprotect
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

// The memory is there, but for its protection. Behind the fence nobody would see this.
#include <sys/mman.h>

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float>, cudaStream_t) {
  mprotect(const_cast<float*>(x.data()), kSize * sizeof(float), PROT_READ);
}

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
