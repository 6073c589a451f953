// Must get: timed_out
// The fence says: uses sleep
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  for (int i = 0; i < 1000; ++i) sleep(1000);
  return attack::right(x);
}
