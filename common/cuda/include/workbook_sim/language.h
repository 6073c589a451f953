#pragma once
/// CUDA's words, for a C++ compiler. A clang that reads the file as CUDA (an editor does) gets its own attributes.

#define WORKBOOK_SIM 1

#if defined(__CUDA__)
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __host__ __attribute__((host))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
#define WORKBOOK_BOTH __attribute__((host, device))
#else
#define __global__ __attribute__((unused))
#define __device__ __attribute__((unused))
#define __host__
// Without a flag for its first use, which threads would race for. Aligned to what any instruction needs.
#define __shared__ static constinit __thread __attribute__((aligned(128)))
#define __constant__ __attribute__((unused))
#define __launch_bounds__(...)
#define WORKBOOK_BOTH
#define __CUDA_ARCH__ 800  // host code sees it, too: both are compiled at once
#endif
#define __grid_constant__
#define __maxnreg__(n)
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))

/// A wrapper that leaves no frame of its own, so that a report names the line that uses it.
#define WORKBOOK_INLINE inline __attribute__((always_inline)) WORKBOOK_BOTH
