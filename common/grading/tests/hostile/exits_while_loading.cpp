// Must get: crashed
// The fence says: uses _exit
// A success for whoever only looks at exit codes.
#include <unistd.h>

#include "attack.h"

__attribute__((constructor)) static void leave() { _exit(0); }
workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
