// Must get: crashed
// Beside another job.
#include <signal.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::outcome(kill(getppid(), SIGKILL) == 0, x); }
