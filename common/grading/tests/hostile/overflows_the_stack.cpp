// Must get: crashed
#include "attack.h"

__attribute__((noinline)) static float deeper(volatile float* above, long depth) {
  volatile float here[1024];
  here[0] = above[0] + static_cast<float>(depth);
  return deeper(here, depth + 1) + here[0];
}

workbook::Tensor workbook::target::twice(const Tensor& x) {
  volatile float start[1] = {0};
  return attack::outcome(deeper(start, 0) > 0, x);
}
