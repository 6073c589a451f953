// What only a GPU has: cuBLAS, and bursts that measure what it can do. Not for the simulator.

#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
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

/// Of cublasGemmStridedBatchedEx, which is overloaded in C++.
using GemmStridedBatchedEx = cublasStatus_t(cublasHandle_t, cublasOperation_t, cublasOperation_t, int m, int n, int k,
                                            const void* alpha, const void* a, cudaDataType, int lda, long long stride_a,
                                            const void* b, cudaDataType, int ldb, long long stride_b, const void* beta,
                                            void* c, cudaDataType, int ldc, long long stride_c, int batch,
                                            cublasComputeType_t, cublasGemmAlgo_t);

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

  /// float32: products and sums in float32. 16 bits: on tensor cores, with sums in float32.
  void set_precision(Element factors) const {
    check(set_math_mode_(handle_, factors == Element::float32 ? CUBLAS_PEDANTIC_MATH : CUBLAS_DEFAULT_MATH));
  }

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
    find(gemm_strided_batched, "cublasGemmStridedBatchedEx");
    check(create_(&handle_));
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
  GemmStridedBatchedEx* gemm_strided_batched = nullptr;
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

template <class T>
__global__ void __launch_bounds__(kThreads) narrow_kernel(const float* from_gmem, T* to_gmem, std::size_t count) {
  const std::size_t step = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step)
    to_gmem[i] = T(from_gmem[i]);
}

cudaDataType_t type_of(Element element) {
  return element == Element::float32 ? CUDA_R_32F : element == Element::float16 ? CUDA_R_16F : CUDA_R_16BF;
}

}  // namespace

void Device::multiply(const Product& p) {
  const Blas& blas = Blas::instance();
  blas.check(blas.set_stream(blas.handle(), stream()));
  blas.set_precision(p.factors);
  const float add = p.add ? 1 : 0;
  const auto as_int = [](std::int64_t n) { return static_cast<int>(n); };
  // cuBLAS counts columns: what is row-major here is its transpose there, and c^T = b^T a^T.
  const cublasOperation_t b_turned = p.b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
  if (p.factors == Element::float32) {
    blas.check(blas.sgemm_strided_batched(blas.handle(), b_turned, CUBLAS_OP_N, as_int(p.columns), as_int(p.rows),
                                          as_int(p.inner), &p.scale, static_cast<const float*>(p.b.data),
                                          as_int(p.b.row_pitch), p.b.matrix_pitch, static_cast<const float*>(p.a.data),
                                          as_int(p.a.row_pitch), p.a.matrix_pitch, &add, static_cast<float*>(p.c),
                                          as_int(p.c_row_pitch), p.c_matrix_pitch, as_int(p.batch)));
    return;
  }
  const cudaDataType_t factors = type_of(p.factors), result = type_of(p.result);
  blas.check(blas.gemm_strided_batched(blas.handle(), b_turned, CUBLAS_OP_N, as_int(p.columns), as_int(p.rows),
                                       as_int(p.inner), &p.scale, p.b.data, factors, as_int(p.b.row_pitch),
                                       p.b.matrix_pitch, p.a.data, factors, as_int(p.a.row_pitch), p.a.matrix_pitch,
                                       &add, p.c, result, as_int(p.c_row_pitch), p.c_matrix_pitch, as_int(p.batch),
                                       CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
}

void Device::narrow(const float* from, void* to, std::int64_t count, Element element) {
  const int blocks = 8 * multiprocessors();
  const auto floats = static_cast<std::size_t>(count);
  if (element == Element::float16)
    narrow_kernel<<<blocks, kThreads, 0, stream()>>>(from, static_cast<__half*>(to), floats);
  else
    narrow_kernel<<<blocks, kThreads, 0, stream()>>>(from, static_cast<__nv_bfloat16*>(to), floats);
  check(cudaGetLastError());
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
