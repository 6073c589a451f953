#include "victim.h"

#include <cstdio>
#include <iostream>

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  std::printf("row %d\n", 1);
  std::cout << "row " << 2 << "\n";
  volatile const float* const nothing = nullptr;
  return Tensor(x.shape(), *nothing);
}
