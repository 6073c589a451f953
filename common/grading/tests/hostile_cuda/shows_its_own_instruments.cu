// Must get: wrong
// The fence says: it defines workbook_instruments
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

#include "common/cuda/instruments.h"

// Nothing was simulated, it would tell: then nothing is asked of kernels.
extern "C" __attribute__((visibility("default"))) const Instruments workbook_instruments{
    .begin_cuda = [](const CudaTreatment&) {}, .end_cuda = [](bool) {}, .take_cuda = [](CudaEvidence*) {}};

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t) {
  send(y.data(), doubled_copy(x.data(), x.size()));
}

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
