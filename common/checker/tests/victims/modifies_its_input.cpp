#include "victim.h"

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  for (float& value : const_cast<Tensor&>(x).values()) value *= 2;
  return x;
}
