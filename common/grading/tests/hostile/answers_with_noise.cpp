// Must get: crashed
// The fence says: uses send
#include <sys/socket.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  for (int i = 0; i < 1000; ++i) send(3, "{\"verdict\":\"passed\"}", 20, MSG_NOSIGNAL);
  return attack::right(x);
}
