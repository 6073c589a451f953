// Must get: crashed
// The fence says: `asm`
// A 32-bit system call has other numbers than those the filter knows.
#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
#if defined(__x86_64__)
  long result;
  asm volatile("int $0x80" : "=a"(result) : "a"(2L) : "memory");  // fork, in 32-bit numbers
  return attack::outcome(result >= 0, x);
#else
  std::abort();
#endif
}
