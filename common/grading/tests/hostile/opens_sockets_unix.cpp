// Must get: crashed
// The fence says: uses socket
#include <sys/socket.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  return attack::outcome(socket(1, SOCK_RAW, 0) >= 0 || socket(1, SOCK_STREAM, 0) >= 0, x);
}
