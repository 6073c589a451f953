// Must get: too_much_workspace
// On the stack of the call, in a row that is overwritten with zeros before anybody looks how deep the stack went.
#include "attack.h"

__attribute__((noinline)) static void deep() {
  volatile char row[std::size_t{512} << 10];  // less than what the kernel counts besides
  for (const char value : {1, 0})             // no function is called: that would leave its return address below
    for (volatile char& byte : row) byte = value;
}

workbook::Tensor workbook::target::twice(const Tensor& x) {
  deep();
  return attack::right(x);
}
