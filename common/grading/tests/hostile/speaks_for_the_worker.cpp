// Must get: crashed
// The fence says: uses recv
// Greets and answers by itself from a constructor, as a worker that counts nothing would.
#include <sys/socket.h>

#include <typeinfo>

#include "attack.h"
#include "common/contract/message.h"

static void say(workbook::FrameKind kind, const workbook::Writer& out, std::uint32_t id) {
  const workbook::FrameHeader header{kind, id, out.bytes().size()};
  send(3, &header, sizeof header, MSG_NOSIGNAL);
  send(3, out.bytes().data(), out.bytes().size(), MSG_NOSIGNAL);
}

__attribute__((constructor)) static void serve() {
  workbook::Hello hello;
  hello.contract = typeid(workbook::target::contract).name();
  workbook::Writer greeting, reply;
  workbook::encode(greeting, hello);
  say(workbook::FrameKind::hello, greeting, 0);
  workbook::ReplyHead head;
  head.evidence.heap_peak = ~std::uint64_t{0};
  head.evidence.bytes_read.assign(1000, 1);
  workbook::encode(reply, head);
  workbook::FrameHeader request{};
  recv(3, &request, sizeof request, MSG_WAITALL);
  say(workbook::FrameKind::reply, reply, request.id);
  for (;;) {
  }
}
workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
