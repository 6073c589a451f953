#include "victim.h"

#include <cstdlib>

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  void* block = std::malloc(100);
  void* volatile again = block;
  std::free(block);
  std::free(again);
  return x;
}
