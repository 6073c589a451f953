// Must get: too_much_workspace
// The fence says: uses getauxval
// The process was started on a stack of its own, which nobody measures and which grows when it is written to.
#include <sys/auxv.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  auto* const top = reinterpret_cast<char*>(getauxval(AT_RANDOM));  // the kernel puts these bytes above all frames
  constexpr std::size_t kInUse = std::size_t{256} << 10;
  attack::fill(top - kInUse - attack::kScratch);
  return attack::right(x);
}
