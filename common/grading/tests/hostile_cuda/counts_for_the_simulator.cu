// Must get: does_not_compile
// The fence says: it defines __tsan_read4
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

// Behind the fence every access would go unseen.
extern "C" {
void __tsan_read4(void*) {}
void __tsan_write4(void*) {}
}

void cuda_target::twice(DeviceTensor<const float>, DeviceOutput<float>, cudaStream_t) { in_vain(); }

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
