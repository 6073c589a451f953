// Must get: timed_out
#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor&) {
  for (volatile long i = 0;; i = i + 1) {
  }
}
