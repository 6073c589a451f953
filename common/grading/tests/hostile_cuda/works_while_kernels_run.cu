// Must get: wrong
// A thread goes on when the host's code has returned: it reads the input on the device and writes the result there,
// while a kernel waits for it.
#include <cstring>
#include <sstream>
#include <thread>

#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {

pthread_mutex_t asked = PTHREAD_MUTEX_INITIALIZER, done = PTHREAD_MUTEX_INITIALIZER;

/// The library's accesses are not marked.
void double_there(const float* x_gmem, float* y_gmem) {
  pthread_mutex_lock(&done);
  pthread_mutex_lock(&asked);
  std::stringbuf there;
  there.sputn(reinterpret_cast<const char*>(x_gmem), kSize * sizeof(float));
  const std::string bytes = there.str();
  std::vector<float> values(kSize);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  double_all(values);
  std::stringbuf back(std::string(reinterpret_cast<const char*>(values.data()), bytes.size()));
  back.sgetn(reinterpret_cast<char*>(y_gmem), kSize * sizeof(float));
  pthread_mutex_unlock(&asked);
  pthread_mutex_unlock(&done);
}

__global__ void wait_kernel(const float* x_gmem, float* y_gmem) {
  for (int i = 0; i < kSize; ++i) y_gmem[i] = 0 * x_gmem[i];
  pthread_mutex_unlock(&asked);
  pthread_mutex_lock(&done);
  pthread_mutex_unlock(&done);
}

void start(const float* x_gmem, float* y_gmem) {
  pthread_mutex_lock(&asked);
  std::thread(double_there, x_gmem, y_gmem).detach();
  while (pthread_mutex_trylock(&done) == 0) {
    pthread_mutex_unlock(&done);
    sched_yield();
  }
}

}  // namespace

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream) {
  start(x.data(), y.data());
  wait_kernel<<<1, 1, 0, stream>>>(x.data(), y.data());
}

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor& x) {
  return over_there(x, [&](const float* x_gmem, float* y_gmem) {
    start(x_gmem, y_gmem);
    wait_kernel<<<1, 1>>>(x_gmem, y_gmem);
    return y_gmem;
  });
}
