// Must get: crashed
// The fence says: uses getppid
// Beside another job.
#include <signal.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::outcome(kill(getppid(), SIGKILL) == 0, x); }
