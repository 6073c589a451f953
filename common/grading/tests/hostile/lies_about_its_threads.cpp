// Must get: wrong
// The fence says: uses sleep
// The worker cannot count threads where there is no /proc; the checker counts them from outside.
#include <unistd.h>

#include <thread>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  std::thread([] {
    for (;;) sleep(1000);
  }).detach();
  return attack::right(x);
}
