#pragma once
/// Matrix instructions of a warp, and asynchronous copies into shared memory.

#include "vector_types.h"
#include "warp.h"

/// One lane's share of mma.m16n8k16, as the PTX manual lays it out; d comes in as what is added to. Of mma.m16n8k8 the
/// first half of a and of b; the rest is 0.
struct WorkbookMultiply {
  float a[8], b[4], d[4];
  int depth = 16;
};

/// Stops the kernel if the address or the stride of a matrix is not a multiple of so many bytes.
extern "C" WORKBOOK_BOTH void workbook_cuda_check_matrix(const void* address, int alignment, int stride,
                                                         int stride_alignment, bool shared_only);
extern "C" WORKBOOK_BOTH void workbook_cuda_async_copy(void* to, const void* from, int bytes, int source_bytes);
extern "C" WORKBOOK_BOTH void workbook_cuda_async_commit(void);
extern "C" WORKBOOK_BOTH void workbook_cuda_async_wait(int groups);

namespace workbook::cuda {

/// d += a b, by all lanes of the warp together.
WORKBOOK_INLINE void multiply(WorkbookMultiply& share) {
  workbook_cuda_collective(workbook_matrix_multiply, 0xffffffffu, reinterpret_cast<unsigned long long>(&share), 0, 32);
}
WORKBOOK_INLINE unsigned long long value_of_lane(unsigned long long value, unsigned lane) {
  return workbook_cuda_collective(workbook_matrix_exchange, 0xffffffffu, value, static_cast<int>(lane), 32);
}

}  // namespace workbook::cuda
