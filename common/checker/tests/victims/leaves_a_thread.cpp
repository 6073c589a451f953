#include "victim.h"

#include <chrono>
#include <thread>

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); }).detach();
  return Tensor(x.shape(), 2 * x.data()[0]);
}
