// Must get: timed_out
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  for (int i = 0; i < 1000; ++i) sleep(1000);
  return attack::right(x);
}
