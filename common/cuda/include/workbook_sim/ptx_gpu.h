#pragma once
/// nvcc's side of workbook_ptx.h. On a GPU before compute capability 8.0 a kernel that comes here stops.

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#define WORKBOOK_PTX(...) __trap()
#else
#define WORKBOOK_PTX(...) asm volatile(__VA_ARGS__)
#endif

namespace workbook::ptx {

__device__ inline unsigned shared_address(const void* pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

template <int kBytes>
__device__ inline void copy_async(void* shared, const void* global, int source_bytes) {
  WORKBOOK_PTX("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(shared_address(shared)), "l"(global), "n"(kBytes),
               "r"(source_bytes)
               : "memory");
}
__device__ inline void commit_async() { WORKBOOK_PTX("cp.async.commit_group;" ::: "memory"); }
template <int kPending>
__device__ inline void wait_async() {
  WORKBOOK_PTX("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}
__device__ inline void wait_async_all() { WORKBOOK_PTX("cp.async.wait_all;" ::: "memory"); }

#define WORKBOOK_LDMATRIX(kind)                                                                                        \
  if constexpr (n == 1)                                                                                                \
    WORKBOOK_PTX("ldmatrix.sync.aligned.m8n8.x1" kind ".shared.b16 {%0}, [%1];" : "=r"(to[0]) : "r"(from) : "memory"); \
  else if constexpr (n == 2)                                                                                           \
    WORKBOOK_PTX("ldmatrix.sync.aligned.m8n8.x2" kind ".shared.b16 {%0, %1}, [%2];"                                    \
                 : "=r"(to[0]), "=r"(to[1])                                                                            \
                 : "r"(from)                                                                                           \
                 : "memory");                                                                                          \
  else                                                                                                                 \
    WORKBOOK_PTX("ldmatrix.sync.aligned.m8n8.x4" kind ".shared.b16 {%0, %1, %2, %3}, [%4];"                            \
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])                                                  \
                 : "r"(from)                                                                                           \
                 : "memory")

template <int n, bool kTransposed>
__device__ inline void load_matrices(unsigned (&to)[n], const void* row) {
  [[maybe_unused]] const unsigned from = shared_address(row);
  if constexpr (kTransposed) {
    WORKBOOK_LDMATRIX(".trans");
  } else {
    WORKBOOK_LDMATRIX("");
  }
}
#undef WORKBOOK_LDMATRIX

#define WORKBOOK_MMA(type)                                                                                          \
  WORKBOOK_PTX("mma.sync.aligned.m16n8k16.row.col.f32." type "." type                                               \
               ".f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, %13};"                           \
               : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])                                                     \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]), "f"(c[2]), \
                 "f"(c[3]))

template <class T>
__device__ inline void multiply_matrices(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                                         const float (&c)[4]) {
  if constexpr (std::is_same_v<T, __half>) {
    WORKBOOK_MMA("f16");
  } else {
    WORKBOOK_MMA("bf16");
  }
}
#undef WORKBOOK_MMA
#undef WORKBOOK_PTX

__device__ inline float power_of_2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

}  // namespace workbook::ptx
