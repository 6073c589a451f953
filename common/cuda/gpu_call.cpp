/// What a call on a real GPU needs before it: the same hook that the simulator has, linked into plugins of the `gpu`
/// flavour only.

#include <cstddef>

#include "common/cuda/instruments.h"

extern "C" {
int cudaMalloc(void** pointer, std::size_t bytes);
int cudaFree(void* pointer);
int cudaMemset(void* pointer, int value, std::size_t bytes);
int cudaGetLastError(void);

/// Fills memory with bytes that make NaN of floats and -1 of integers: an element that nobody writes is seen.
void workbook_poison(void* memory, std::size_t bytes) { cudaMemset(memory, 0xff, bytes); }

/// Forgets an error that an earlier call may have left, which the next launch would report as its own. Then fills free
/// memory, of which the implementation's own buffers will probably be made: the driver hands out zeros, and zeros hide
/// what was never written.
static void begin_call() {
  constexpr std::size_t kFilled = std::size_t{64} << 20;
  void* memory = nullptr;
  if (cudaMalloc(&memory, kFilled) == 0) {
    workbook_poison(memory, kFilled);
    cudaFree(memory);
  }
  cudaGetLastError();
}
}

extern "C" __attribute__((visibility("default")))
const workbook::Instruments workbook_instruments{.begin_cuda = begin_call};
