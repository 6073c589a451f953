// Must get: does_not_compile
#include "attack.h"

asm(".data\nstolen: .incbin \"/etc/passwd\"");

workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
