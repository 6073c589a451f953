// Must get: too_much_workspace
// On the heap, by a constructor that runs when the plugin is loaded: before any call, so that no call allocates it.
#include <vector>

#include "attack.h"

static std::vector<char> scratch(std::size_t{512} << 10);  // less than what the kernel counts besides

workbook::Tensor workbook::target::twice(const Tensor& x) {
  attack::fill(scratch.data(), scratch.size());
  return attack::right(x);
}
