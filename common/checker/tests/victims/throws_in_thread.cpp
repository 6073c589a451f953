#include "victim.h"

#include <thread>

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  std::thread([] { throw std::runtime_error("nobody catches this"); }).join();
  return x;
}
