// Must get: wrong
// The answer is right; but a thread was started before any call, so that each call leaves as many as it found.
#include <chrono>
#include <thread>

#include "attack.h"

namespace {

struct Starter {
  Starter() {
    std::thread([] {
      for (;;) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }).detach();
  }
} starter;

}  // namespace

workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
