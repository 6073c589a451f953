#include "victim.h"

#include <chrono>
#include <thread>

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  std::this_thread::sleep_for(std::chrono::hours(1));
  return x;
}
