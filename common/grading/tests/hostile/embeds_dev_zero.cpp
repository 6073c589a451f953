// Must get: does_not_compile
#include "attack.h"

asm(".data\nstolen: .incbin \"/dev/zero\"");

workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
