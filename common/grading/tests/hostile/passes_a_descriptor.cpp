// Must get: wrong
// The fence says: uses sendmsg
// Descriptors sent along with a message would stay in the checker.
#include <sys/socket.h>

#include <cstring>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  char byte = 0;
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* first = CMSG_FIRSTHDR(&message);
  first->cmsg_level = SOL_SOCKET;
  first->cmsg_type = SCM_RIGHTS;
  first->cmsg_len = CMSG_LEN(sizeof(int));
  const int socket = 3;
  std::memcpy(CMSG_DATA(first), &socket, sizeof socket);
  return attack::outcome(sendmsg(3, &message, 0) >= 0, x);
}
