// Must get: crashed
// The fence says: uses fork
// Beside another job.
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor&) {
  for (;;) fork();
}
