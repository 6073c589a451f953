#include "victim.h"

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  volatile bool forever = true;
  while (forever) {
  }
  return x;
}
