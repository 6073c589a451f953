#pragma once
/// The bytes of an archive that may be hostile, as libarchive asks for them, and what they cost.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <archive.h>

#include "common/grading/intake/intake.h"
#include "common/system/file_descriptor.h"

namespace workbook::grading {

/// The library is C: nothing is thrown through it, so what is beyond a limit is an error to it, and its reason waits in
/// `refused`.
struct ArchiveSource {
  static constexpr std::uint64_t kNoEnd = UINT64_MAX;

  IntakeLimits limits;
  system::FileDescriptor file;
  std::span<const std::byte> bytes;  ///< without a file
  std::uint64_t packed = 0;          ///< bytes that there are
  std::uint64_t at = 0, read = 0, unpacked = 0, passed = 0;
  std::uint64_t headers_left = kNoEnd;  ///< bytes that the next header may take
  bool passing = false;                 ///< what nobody wants
  ::archive* filters = nullptr;
  std::string block = {};
  std::string refused = {};

  std::uint64_t most_header_bytes() const { return limits.entries * 256; }

  /// Reads up to `size` bytes from a place of its own choice. @returns how many there were
  std::size_t fetch(std::uint64_t from, char* to, std::size_t size);

  /// Everything that was unpacked counts, wanted or not.
  void account(std::uint64_t size);

  // What libarchive calls, with the source as `self`.
  static la_ssize_t read_packed(::archive* to, void* self, const void** block);
  static la_ssize_t read_unpacked(::archive* to, void* self, const void** block);
  static la_int64_t skip(::archive*, void* self, la_int64_t size);
  static la_int64_t seek(::archive*, void* self, la_int64_t offset, int whence);

  void account_header(std::uint64_t size);
  void account_packed(std::uint64_t size);
  la_ssize_t give(::archive* to, std::size_t size);
};

}  // namespace workbook::grading
