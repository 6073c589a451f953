#include "victim.h"

#include <cstdio>

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  for (int i = 0; i < 1'000'000; ++i) std::printf("line %d of far too many of them\n", i);
  return Tensor(x.shape(), 2 * x.data()[0]);
}
