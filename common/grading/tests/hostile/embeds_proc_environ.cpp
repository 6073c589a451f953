// Must get: does_not_compile
#include "attack.h"

asm(".data\nstolen: .incbin \"/proc/self/environ\"");

workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
