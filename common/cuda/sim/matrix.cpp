/// Matrix instructions: what the 32 lanes of a warp hold together.

#include <fmt/format.h>

#include <bit>

#include "common/cuda/include/workbook_sim/matrix.h"
#include "common/cuda/sim/engine.h"
#include "common/cuda/sim/memory.h"

namespace workbook::cuda {
namespace {

constexpr int kRows = 16, kCols = 8, kDepth = 16;

/// Element i of lane l: the pair that a register holds, then the rows 8 further, then the columns 8 further.
int row_in(int l, int i) { return l / 4 + (i & 2 ? 8 : 0); }
int col_in(int l, int i) { return l % 4 * 2 + (i & 1) + (i & 4 ? 8 : 0); }

void multiply_shares(WorkbookMultiply* const (&share)[32]) {
  double a[kRows][kDepth], b[kDepth][kCols];
  for (int l = 0; l < 32; ++l) {
    for (int i = 0; i < 8; ++i) a[row_in(l, i)][col_in(l, i)] = share[l]->a[i];
    for (int i = 0; i < 4; ++i) b[l % 4 * 2 + (i & 1) + (i & 2 ? 8 : 0)][l / 4] = share[l]->b[i];
  }
  for (int l = 0; l < 32; ++l)
    for (int i = 0; i < 4; ++i) {
      double sum = share[l]->d[i];
      for (int k = 0; k < kDepth; ++k) sum += a[row_in(l, i)][k] * b[k][col_in(l, i)];
      share[l]->d[i] = static_cast<float>(sum);
    }
}

const char* name_of_matrix(WorkbookCollective what) {
  return what == workbook_matrix_multiply   ? "an mma"
         : what == workbook_matrix_exchange ? "an ldmatrix"
                                            : "a load or store of a matrix";
}

}  // namespace

void Engine::compute_matrix(unsigned warp, unsigned lanes) {
  const auto first = static_cast<unsigned>(std::countr_zero(lanes));
  const bool multiplies = lane(warp, first).collective == workbook_matrix_multiply;
  if (lanes != ~0u) {
    running_ = &lane(warp, first);
    return stop_with(
        CudaFaultKind::wrong,
        fmt::format("{{0}}: {} comes to {}, which the 32 lanes of a warp do together; lane {} has left the "
                    "kernel, or the block is too small.",
                    who(), name_of_matrix(lane(warp, first).collective), std::countr_one(lanes)),
        {running_->place});
  }
  if (multiplies) {
    WorkbookMultiply* share[32];
    for (unsigned l = 0; l < 32; ++l) share[l] = reinterpret_cast<WorkbookMultiply*>(lane(warp, l).value);
    multiply_shares(share);
    const std::uint64_t flop = 2 * kRows * kCols * static_cast<unsigned>(share[0]->depth);
    counts_.operations.matrix_flop += flop;
    for (unsigned l = 0; l < 32; ++l)
      if (!lane(warp, l).copies.empty()) {
        counts_.operations.overlapped_flop += flop;
        break;
      }
  }
  for (unsigned l = 0; l < 32; ++l) {
    Thread& self = lane(warp, l);
    self.result = lane(warp, static_cast<unsigned>(self.argument) % 32).value;
    self.state = State::ready;
  }
}

void Engine::check_matrix(const void* address, int alignment, int stride, int stride_alignment, bool shared_only,
                          const void* place) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  if (shared_only && device_memory().contains(at))
    fault(CudaFaultKind::crashed,
          fmt::format("{{0}}: {} gives ldmatrix an address in global memory; it reads shared memory only.", who()),
          {place});
  if (at % static_cast<unsigned>(alignment))
    fault(CudaFaultKind::crashed,
          fmt::format("{{0}}: {} takes a matrix at an address that is not a multiple of {} bytes (it is {} past one).",
                      who(), alignment, at % static_cast<unsigned>(alignment)),
          {place});
  if (stride % stride_alignment)
    fault(CudaFaultKind::wrong,
          fmt::format("{{0}}: {} takes a matrix whose rows are {} bytes apart; expected a multiple of {}.", who(),
                      stride, stride_alignment),
          {place});
}

}  // namespace workbook::cuda
