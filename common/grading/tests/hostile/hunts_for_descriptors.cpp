// Must get: wrong
// The fence says: uses fstat
#include <sys/stat.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  bool had = false;
  struct stat status {};
  for (int fd = 4; fd < 70000; ++fd) had = had || fstat(fd, &status) == 0;
  for (int fd = 0; fd < 4; ++fd) had = had || (fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) && fd == 0));
  return attack::outcome(had, x);
}
