#include "common/worker/frames.h"

#include <sys/socket.h>

#include <cerrno>

namespace workbook {
namespace {

bool send_all(int fd, const void* data, std::size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = send(fd, at, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

bool send_frame(int fd, FrameKind kind, std::span<const std::byte> payload, std::uint32_t id) {
  const FrameHeader header{kind, id, payload.size()};
  return send_all(fd, &header, sizeof header) && send_all(fd, payload.data(), payload.size());
}

bool read_exactly(int fd, void* to, std::size_t size) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t n = recv(fd, at, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace workbook
