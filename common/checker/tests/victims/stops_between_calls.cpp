#include <signal.h>

#include <chrono>
#include <thread>

#include "victim.h"

using namespace workbook;

/// Answers, and then stops reading: the next request must not hang the checker.
Tensor victim::twice(const Tensor& x) {
  std::thread([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    raise(SIGSTOP);
  }).detach();
  return x;
}
