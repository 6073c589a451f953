#include "victim.h"

#include <time.h>

using namespace workbook;

namespace {

double computed() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

}  // namespace

Tensor victim::twice(const Tensor& x) {
  for (const double start = computed(); computed() - start < 0.5;) {
  }
  return Tensor(x.shape(), 2 * x.values()[0]);
}
