#include "victim.h"

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  volatile float* volatile nowhere = nullptr;
  *nowhere = 1;
  return x;
}
