#include "victim.h"

#include <unistd.h>

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  for (int fd = 0; fd < 64; ++fd) close(fd);
  for (;;) pause();
  return x;
}
