// Must get: out_of_memory
// Beside another job.
#include <cstring>
#include <vector>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  std::vector<char*> blocks;
  for (;;) {
    blocks.push_back(new char[1 << 20]);
    std::memset(blocks.back(), 1, 1 << 20);
    if (blocks.size() > (1 << 16)) return attack::right(x);
  }
}
