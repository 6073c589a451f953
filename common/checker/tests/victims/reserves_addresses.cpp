// What CUDA does when it starts: addresses for 100 GB, without memory behind them.
#include <sys/mman.h>

#include "victim.h"

using namespace workbook;

namespace {
const void* const reserved =
    mmap(nullptr, std::size_t{100} << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

Tensor victim::twice(const Tensor& x) {
  Tensor y = x;
  for (float& value : y.values()) value *= reserved == MAP_FAILED ? 0 : 2;
  return y;
}
