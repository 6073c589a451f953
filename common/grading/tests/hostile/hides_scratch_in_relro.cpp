// Must get: too_much_workspace
// The fence says: attribute `section`
// Data that the meter takes for the loader's: read-only once it is relocated, until it is made writable again.
#include <sys/mman.h>

#include "attack.h"

__attribute__((section(".data.rel.ro"), aligned(4096))) static char scratch[attack::kScratch] = {1};

workbook::Tensor workbook::target::twice(const Tensor& x) {
  if (mprotect(scratch, sizeof scratch, PROT_READ | PROT_WRITE) != 0) return x;
  attack::fill(scratch);
  return attack::right(x);
}
