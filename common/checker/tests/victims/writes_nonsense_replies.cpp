#include "victim.h"

#include <unistd.h>
#include <cstring>

using namespace workbook;

Tensor victim::twice(const Tensor& x) {
  char nonsense[4096];
  std::memset(nonsense, 0x7f, sizeof nonsense);
  for (int i = 0; i < 100; ++i)
    if (write(3, nonsense, sizeof nonsense) < 0) break;
  return x;
}
