// Must get: wrong
// The fence says: uses write
// What is printed must not be read back, mapped or shortened: it is no memory, and the checker reads it.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  char back[16];
  const bool printed = write(1, "printed and kept", 16) == 16;
  bool had = pread(1, back, 16, 0) > 0 || read(1, back, 16) > 0 || pread(2, back, 16, 0) > 0;
  had = had || mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, 1, 0) != MAP_FAILED;
  had = had || mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 1, 0) != MAP_FAILED;
  had = had || ftruncate(1, 0) == 0 || ftruncate(1, 1 << 30) == 0 || fchmod(1, 0) == 0;
  return attack::outcome(!printed || had, x);
}
