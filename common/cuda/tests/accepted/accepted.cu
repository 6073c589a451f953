#include "accepted.h"

#include "lanes.cuh"
#include "launch.cuh"
#include "product.cuh"
#include "reverse.cuh"

using namespace workbook;

namespace {

struct Tile {
  float row[64];
};
struct alignas(16) Rows {
  float4 quad[16];
};
extern __shared__ Tile tile_of_namespace;
extern __shared__ float rows_of_namespace[][32];

#define SMEM extern __shared__
#define TILE(T, name)                                         \
  extern __shared__ __align__(16) unsigned char name##_raw[]; \
  T* name = reinterpret_cast<T*>(name##_raw)

/// A kernel whose shared memory, as declared, holds number i at `place`.
#define REVERSE(name, declaration, place)                       \
  __global__ void name(const float* x, float* y) {              \
    declaration;                                                \
    const auto at = [&](unsigned i) -> auto& { return place; }; \
    at(threadIdx.x) = x[threadIdx.x];                           \
    __syncthreads();                                            \
    y[threadIdx.x] = at(63 - threadIdx.x);                      \
  }

REVERSE(before, static __shared__ float s[64], s[i])
REVERSE(behind, __shared__ static float s[64], s[i])
REVERSE(aligned, __shared__ alignas(16) float s[64], s[i])
REVERSE(aligned_first, __align__(16) __shared__ float s[64], s[i])
REVERSE(attribute, __shared__ float s[64] __attribute__((aligned(16))), s[i])
REVERSE(by_macro, TILE(float, s), s[i])

__global__ void external_behind(const float* x, float* y) {
  __shared__ extern float s[];
  s[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = s[63 - threadIdx.x];
}
__global__ void object(const float* x, float* y) {
  extern __shared__ Tile t;
  t.row[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = t.row[63 - threadIdx.x];
}
__global__ void two_dimensions(const float* x, float* y) {
  extern __shared__ __attribute__((aligned(128))) float rows[][32];
  rows[threadIdx.x / 32][threadIdx.x % 32] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = rows[(63 - threadIdx.x) / 32][31 - threadIdx.x % 32];
}
__global__ void two_types(const float* x, float* y) {
  extern __shared__ float s[];
  SMEM Rows quads[];
  s[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  const float4 q = quads[0].quad[15 - threadIdx.x / 4];
  const unsigned i = threadIdx.x % 4;
  y[threadIdx.x] = i == 0 ? q.w : i == 1 ? q.z : i == 2 ? q.y : q.x;
}
__global__ void of_namespace(const float* x, float* y) {
  tile_of_namespace.row[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = rows_of_namespace[(63 - threadIdx.x) / 32][31 - threadIdx.x % 32];
}

using Kernel = void (*)(const float*, float*, int);
struct Kernels {
  Kernel doubling = double_it;
  Kernel of(int) const { return doubling; }
};
template <int kThreads>
__global__ void __launch_bounds__(kThreads) bounded(const float* x, float* y, int n) {
  const int i = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
  if (i < n) __stcs(y + i, 2 * __ldcv(x + i));
}
template <class T>
constexpr T threads = 32;
#define LAUNCH(kernel, n, ...)                       \
  do {                                               \
    kernel<<<((n) + 31) / 32, 32>>>(__VA_ARGS__, n); \
  } while (0)

}  // namespace

void accepted::reversed(const std::string& form, DeviceTensor<const float> x, DeviceOutput<float> y) {
  constexpr int kBytes = 64 * sizeof(float);
  if (form == "static __shared__") before<<<1, 64>>>(x.data(), y.data());
  if (form == "__shared__ static") behind<<<1, 64>>>(x.data(), y.data());
  if (form == "alignas") aligned<<<1, 64>>>(x.data(), y.data());
  if (form == "__align__ first") aligned_first<<<1, 64>>>(x.data(), y.data());
  if (form == "attribute") attribute<<<1, 64>>>(x.data(), y.data());
  if (form == "macro") by_macro<<<1, 64, kBytes>>>(x.data(), y.data());
  if (form == "__shared__ extern") external_behind<<<1, 64, kBytes>>>(x.data(), y.data());
  if (form == "object") object<<<1, 64, kBytes>>>(x.data(), y.data());
  if (form == "two dimensions") two_dimensions<<<1, 64, kBytes>>>(x.data(), y.data());
  if (form == "two types") two_types<<<1, 64, kBytes>>>(x.data(), y.data());
  if (form == "of a namespace") of_namespace<<<1, 64, kBytes>>>(x.data(), y.data());
  if (form == "of an included file") reverse_through_file<<<1, 64, kBytes>>>(x.data(), y.data());
}

void accepted::doubled(const std::string& form, DeviceTensor<const float> x, DeviceOutput<float> y) {
  const int n = static_cast<int>(x.size()), blocks = (n + 31) / 32;
  const Kernel kernels[] = {nullptr, double_it};
  const Kernels held, *pointer = &held;
  // clang-format off
  if (form == "spaced") double_it << <blocks, 32 >> >(x.data(), y.data(), n);
  if (form == "template argument") double_it<<<blocks, threads<int> >>>(x.data(), y.data(), n);
  // clang-format on
  if (form == "array") kernels[1]<<<blocks, 32>>>(x.data(), y.data(), n);
  if (form == "pointer") pointer->doubling<<<blocks, 32>>>(x.data(), y.data(), n);
  if (form == "member") held.doubling<<<blocks, 32>>>(x.data(), y.data(), n);
  if (form == "call") held.of(3)<<<blocks, 32>>>(x.data(), y.data(), n);
  if (form == "macro") LAUNCH(double_it, n, x.data(), y.data());
  if (form == "bounded") bounded<32><<<blocks, 32>>>(x.data(), y.data(), n);
  if (form == "included") launch_double(x.data(), y.data(), n);
}

void accepted::lanes(const std::string& name, DeviceTensor<const float> x, DeviceOutput<float> y) {
  launch_lanes(name, x.data(), y.data());
}

void accepted::product(const std::string& way, DeviceTensor<const float> a, DeviceTensor<const float> b,
                       DeviceTensor<const float> c, DeviceOutput<float> d) {
  const auto kernel = way == "f16"           ? product_kernel<__half, 16, false>
                      : way == "bf16"        ? product_kernel<__nv_bfloat16, 16, false>
                      : way == "f16 sums"    ? product_kernel<__half, 16, true>
                      : way == "f16 depth 8" ? product_kernel<__half, 8, false>
                                             : product_kernel<__nv_bfloat16, 8, false>;
  kernel<<<1, 32>>>(a.data(), b.data(), c.data(), d.data());
}
