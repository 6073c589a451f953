#pragma once
/// mma and ldmatrix in inline PTX, as attention kernels write them.

#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace workbook {

#define LDMATRIX_X4(r0, r1, r2, r3, address)                                        \
  asm volatile("ldmatrix.sync.aligned.x4.m8n8.shared.b16 {%0, %1, %2, %3}, [%4];\n" \
               : "=r"(r0), "=r"(r1), "=r"(r2), "=r"(r3)                             \
               : "r"(address))
#define LDMATRIX_X2_TRANS(r0, r1, address)                                             \
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared::cta.b16 {%0, %1}, [%2];\n" \
               : "=r"(r0), "=r"(r1)                                                    \
               : "r"(address))

__device__ inline void mma(float (&d)[4], const unsigned* a, const unsigned* b, __half) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
      "{%0,  %1,  %2,  %3}, "
      "{%4,  %5,  %6,  %7}, "
      "{%8,  %9}, "
      "{%10, %11, %12, %13};\n"
      : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(d[0]), "f"(d[1]), "f"(d[2]), "f"(d[3]));
}
__device__ inline void mma(float (&d)[4], const unsigned* a, const unsigned* b, __nv_bfloat16) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
__device__ inline void mma_halves(float (&d)[4], const unsigned* a, const unsigned* b) {
  const __half2 c[2] = {__floats2half2_rn(d[0], d[1]), __floats2half2_rn(d[2], d[3])};
  unsigned r[2];
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%0, %1}, {%2, %3, %4, %5}, {%6, %7}, {%8, %9};"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]),
                 "r"(*reinterpret_cast<const unsigned*>(&c[0])), "r"(*reinterpret_cast<const unsigned*>(&c[1])));
  for (int i = 0; i < 2; ++i) {
    const __half2 both = *reinterpret_cast<const __half2*>(&r[i]);
    d[2 * i] = __low2float(both);
    d[2 * i + 1] = __high2float(both);
  }
}
/// In two steps of depth 8.
__device__ inline void mma_shallow(float (&d)[4], const unsigned* a, const unsigned* b, __half) {
  for (int step = 0; step < 2; ++step)
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[2 * step]), "r"(a[2 * step + 1]), "r"(b[step]));
}
__device__ inline void mma_shallow(float (&d)[4], const unsigned* a, const unsigned* b, __nv_bfloat16) {
  for (int step = 0; step < 2; ++step)
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[2 * step]), "r"(a[2 * step + 1]), "r"(b[step]));
}

template <class T, int kDepth, bool kHalves>
__global__ void product_kernel(const float* a, const float* b, const float* c, float* d) {
  __shared__ __align__(16) T tile_a[16 * 24], tile_b[16 * 24];
  const unsigned lane = threadIdx.x;
  for (unsigned i = lane; i < 256; i += 32) {
    tile_a[i / 16 * 24 + i % 16] = T(a[i]);
    tile_b[i / 16 * 24 + i % 16] = T(b[i]);
  }
  __syncthreads();
  unsigned fa[4], fb[2];
  const unsigned rows_a =
      static_cast<unsigned>(__cvta_generic_to_shared(tile_a)) + (lane % 16 * 24 + lane / 16 * 8) * 2;
  LDMATRIX_X4(fa[0], fa[1], fa[2], fa[3], rows_a);
  for (unsigned first = 0; first < 16; first += 8) {
    const unsigned rows_b = static_cast<unsigned>(__cvta_generic_to_shared(&tile_b[lane % 16 * 24 + first]));
    LDMATRIX_X2_TRANS(fb[0], fb[1], rows_b);
    const unsigned at = lane / 4 * 16 + first + lane % 4 * 2;
    float sum[4] = {c[at], c[at + 1], c[at + 128], c[at + 129]};
    if constexpr (kHalves)
      mma_halves(sum, fa, fb);
    else if constexpr (kDepth == 8)
      mma_shallow(sum, fa, fb, T());
    else
      mma(sum, fa, fb, T());
    d[at] = sum[0];
    d[at + 1] = sum[1];
    d[at + 128] = sum[2];
    d[at + 129] = sum[3];
  }
}

}  // namespace workbook
