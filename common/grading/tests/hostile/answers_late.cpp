// Must get: timed_out
// The fence says: uses sleep
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  for (int second = 0; second < 30; ++second) sleep(1);
  return attack::right(x);
}
