// Must get: crashed
// The fence says: uses _exit
// Says that it could not be loaded, which is the grader's fault when it is true.
#include <sys/socket.h>
#include <unistd.h>

#include "attack.h"
#include "common/contract/message.h"

__attribute__((constructor)) static void lie() {
  workbook::Hello hello;
  hello.error = "no such file";
  workbook::Writer out;
  workbook::encode(out, hello);
  const workbook::FrameHeader header{workbook::FrameKind::hello, 0, out.bytes().size()};
  send(3, &header, sizeof header, MSG_NOSIGNAL);
  send(3, out.bytes().data(), out.bytes().size(), MSG_NOSIGNAL);
  _exit(70);
}
workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
