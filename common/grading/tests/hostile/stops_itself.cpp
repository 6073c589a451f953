// Must get: timed_out
// The fence says: uses raise
#include <signal.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor&) {
  for (;;) raise(SIGSTOP);
}
