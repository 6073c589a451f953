// Must get: crashed
// The fence says: uses send
// Two answers to one question: the second would serve for the next call.
#include <sys/socket.h>

#include "attack.h"
#include "common/contract/message.h"

workbook::Tensor workbook::target::twice(const Tensor&) {
  for (int i = 0; i < 2; ++i) {
    workbook::FrameHeader header{workbook::FrameKind::reply, 1, 0};
    send(3, &header, sizeof header, MSG_NOSIGNAL);
  }
  for (;;) {
  }
}
