// Must get: timed_out
#include <signal.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor&) {
  for (;;) raise(SIGSTOP);
}
