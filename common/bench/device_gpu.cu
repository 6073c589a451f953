// What only a GPU has: cuBLAS, and bursts that measure what it can do. Not for the simulator.

#include <cublas_v2.h>
#include <dlfcn.h>

#include <stdexcept>
#include <string>

#include "common/bench/device.h"
#include "common/cuda/check.h"

namespace workbook::bench {

namespace {

using attention_layer::Ceiling;

constexpr int kThreads = 256;     // of a block
constexpr int kRounds = 1 << 16;  // some milliseconds, as a CPU's bursts take
constexpr int kChains = 8;        // hide a fused multiply-add's latency
constexpr std::size_t kRead = std::size_t{1} << 30;

#define WORKBOOK_TEXT_OF(x) #x
#define WORKBOOK_TEXT(x) WORKBOOK_TEXT_OF(x)
constexpr const char* kLibrary = "libcublas.so." WORKBOOK_TEXT(CUBLAS_VER_MAJOR);
#undef WORKBOOK_TEXT
#undef WORKBOOK_TEXT_OF

/// cuBLAS, loaded when it is first needed: a machine may have the driver without the toolkit's libraries, and can then
/// still measure every backend that multiplies by itself.
class Blas {
 public:
  /// @throws std::domain_error if the library is not found, with the loader's reason
  static const Blas& instance() {
    static const Blas loaded;
    return loaded;
  }

  void check(cublasStatus_t status) const {
    if (status != CUBLAS_STATUS_SUCCESS) throw std::runtime_error(std::string("cuBLAS: ") + status_string_(status));
  }

  cublasHandle_t handle() const { return handle_; }

 private:
  Blas() : library_(dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL)) {
    if (!library_)
      throw std::domain_error(std::string("cuBLAS was not found in the toolkit's folder, in LD_LIBRARY_PATH or in the "
                                          "system's folders: ") +
                              dlerror());
    find(status_string_, "cublasGetStatusString");
    find(create_, "cublasCreate_v2");
    find(set_math_mode_, "cublasSetMathMode");
    find(set_stream, "cublasSetStream_v2");
    find(sgemm_strided_batched, "cublasSgemmStridedBatched");
    check(create_(&handle_));
    check(set_math_mode_(handle_, CUBLAS_PEDANTIC_MATH));  // float32 products, sums in float32
  }

  template <class F>
  void find(F*& function, const char* name) const {
    function = reinterpret_cast<F*>(dlsym(library_, name));
    if (!function) throw std::domain_error(std::string("cuBLAS has no function that is needed: ") + dlerror());
  }

  void* library_;  // stays loaded: what it started on the device lives as long as the process
  decltype(cublasGetStatusString)* status_string_ = nullptr;
  decltype(cublasCreate_v2)* create_ = nullptr;
  decltype(cublasSetMathMode)* set_math_mode_ = nullptr;
  cublasHandle_t handle_ = nullptr;

 public:
  decltype(cublasSetStream_v2)* set_stream = nullptr;
  decltype(cublasSgemmStridedBatched)* sgemm_strided_batched = nullptr;
};

/// Multiplies and adds; the store, which never happens, keeps the compiler from dropping it all.
__global__ void __launch_bounds__(kThreads) multiply_add_kernel(float* sink_gmem, float factor) {
  float chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = threadIdx.x + i;
  for (int round = 0; round < kRounds; ++round) {
#pragma unroll
    for (int i = 0; i < kChains; ++i) chain[i] = fmaf(chain[i], factor, 1.0f);
  }
  float sum = 0;
  for (int i = 0; i < kChains; ++i) sum += chain[i];
  if (sum < 0) *sink_gmem = sum;
}

__global__ void __launch_bounds__(kThreads)
    read_kernel(const float4* __restrict__ from_gmem, std::size_t count, float* sink_gmem) {
  float sum = 0;
  const std::size_t step = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) {
    const float4 four = from_gmem[i];
    sum += four.x + four.y + four.z + four.w;
  }
  if (sum < 0) *sink_gmem = sum;
}

int multiprocessors() {
  int device = 0, count = 0;
  check(cudaGetDevice(&device));
  check(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device));
  return count;
}

}  // namespace

void Device::multiply(const Product& p) {
  const Blas& blas = Blas::instance();
  blas.check(blas.set_stream(blas.handle(), stream()));
  const float add = p.add ? 1 : 0;
  // cuBLAS counts columns: what is row-major here is its transpose there, and c^T = b^T a^T.
  blas.check(blas.sgemm_strided_batched(
      blas.handle(), p.b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N, CUBLAS_OP_N, static_cast<int>(p.columns),
      static_cast<int>(p.rows), static_cast<int>(p.inner), &p.scale, p.b.data, static_cast<int>(p.b.row_pitch),
      p.b.matrix_pitch, p.a.data, static_cast<int>(p.a.row_pitch), p.a.matrix_pitch, &add, p.c,
      static_cast<int>(p.c_row_pitch), p.c_matrix_pitch, static_cast<int>(p.batch)));
}

double Device::burst(Ceiling ceiling) {
  const int blocks = 8 * multiprocessors();
  float* const sink_gmem = scratch(-1, 1);
  if (ceiling == Ceiling::arithmetic) {
    const double taken = seconds([&] {
      multiply_add_kernel<<<blocks, kThreads, 0, stream()>>>(sink_gmem, 0.999f);
      check(cudaGetLastError());
    });
    return 2.0 * kChains * kRounds * kThreads * blocks / taken;
  }
  float* const from_gmem = scratch(-2, kRead / sizeof(float));
  check(cudaMemsetAsync(from_gmem, 0, kRead, stream()));
  const double taken = seconds([&] {
    read_kernel<<<blocks, kThreads, 0, stream()>>>(reinterpret_cast<float4*>(from_gmem), kRead / sizeof(float4),
                                                   sink_gmem);
    check(cudaGetLastError());
  });
  return static_cast<double>(kRead) / taken;
}

}  // namespace workbook::bench
