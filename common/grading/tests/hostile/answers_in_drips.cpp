// Must get: timed_out
// The fence says: uses send
// Asleep between the bytes of its greeting, but never for as long as it takes until somebody looks.
#include <sys/socket.h>
#include <time.h>

#include "attack.h"
#include "common/contract/message.h"

__attribute__((constructor)) static void drip() {
  const workbook::FrameHeader header{workbook::FrameKind::hello, 0, 800};
  send(3, &header, sizeof header, MSG_NOSIGNAL);
  const timespec moment{0, 25'000'000};
  for (int i = 0; i < 800; ++i) {
    nanosleep(&moment, nullptr);
    send(3, "", 1, MSG_NOSIGNAL);
  }
}
workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
