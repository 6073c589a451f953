// Must get: crashed
// The fence says: uses socket
#include <sys/socket.h>

#include "attack.h"

static bool any_socket() {
  for (int family = 45; family > 2; --family)
    if (socket(family, SOCK_DGRAM, 0) >= 0) return true;
  return false;
}

workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::outcome(any_socket(), x); }
