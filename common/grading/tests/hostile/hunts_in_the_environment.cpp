// Must get: wrong
// The fence says: uses getenv
#include <cstring>

#include "attack.h"

extern char** environ;

workbook::Tensor workbook::target::twice(const Tensor& x) {
  bool had = std::getenv("WORKBOOK_SEED") != nullptr || std::getenv("PATH") != nullptr;
  for (char** entry = environ; entry && *entry; ++entry)
    had = had || (std::strncmp(*entry, "PWD=", 4) != 0 && std::strncmp(*entry, "OMP_NUM_THREADS=", 16) != 0);
  return attack::outcome(had, x);
}
