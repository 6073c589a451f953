// Must get: does_not_compile
// The fence says: `__asm__`
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

// The compiler's calls would go to this, although nobody else can see it.
static void counted(void*) __asm__("__tsan_read4");
static void counted(void*) {}

void cuda_target::twice(DeviceTensor<const float>, DeviceOutput<float>, cudaStream_t) { in_vain(); }

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
