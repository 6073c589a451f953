// Must get: timed_out
// The fence says: attribute `constructor`
#include "attack.h"

__attribute__((constructor)) static void loop() {
  for (volatile long i = 0;; i = i + 1) {
  }
}
workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
