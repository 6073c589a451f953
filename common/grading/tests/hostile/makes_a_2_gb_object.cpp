// Must get: does_not_compile
#include "attack.h"

asm(".data\n.globl huge\nhuge: .fill 2000000000, 1, 7");

workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
