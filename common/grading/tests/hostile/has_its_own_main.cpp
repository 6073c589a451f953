// Must get: wrong
// The fence says: defines __libc_start_main
#include "attack.h"

__attribute__((visibility("default"))) int main() { return 0; }
extern "C" __attribute__((visibility("default"))) int __libc_start_main(...) { return 0; }

workbook::Tensor workbook::target::twice(const Tensor& x) { return x; }
