// Must get: out_of_memory
// The fence says: uses send
// A length that the checker must not believe.
#include <sys/socket.h>

#include "attack.h"
#include "common/contract/message.h"

__attribute__((constructor)) static void greet() {
  workbook::FrameHeader header{workbook::FrameKind::hello, 0, std::uint64_t{1} << 44};
  send(3, &header, sizeof header, MSG_NOSIGNAL);
}
workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
