#include "victim.h"

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  volatile int zero = 0;
  volatile int quotient = 7 / zero;
  return Tensor(x.shape(), static_cast<float>(quotient));
}
