// Must get: too_much_workspace
// The fence says: uses munmap
// The meter lies in this process. Here it is told of memory given back that there never was.
#include <sys/mman.h>

#include <memory>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  munmap(reinterpret_cast<void*>(4096), attack::kScratch);
  const std::unique_ptr<char[]> scratch(new char[attack::kScratch]);
  attack::fill(scratch.get());
  return attack::right(x);
}
