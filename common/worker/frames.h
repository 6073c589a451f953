#pragma once
/// Whole frames over a socket.

#include <cstddef>
#include <span>
#include <vector>

#include "common/contract/message.h"

namespace workbook {

/// Writes a frame; false if the other side is gone.
bool send_frame(int fd, FrameKind kind, std::span<const std::byte> payload, std::uint32_t id = 0);

/// Reads exactly `size` bytes into `to`; false at the end of the stream.
bool read_exactly(int fd, void* to, std::size_t size);

}  // namespace workbook
