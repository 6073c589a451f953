#include "common/system/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fmt/core.h>

#include "common/system/errors.h"
#include "common/system/process.h"

namespace workbook::system {

namespace {

/// A file descriptor that closes itself.
struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

[[noreturn]] void fail(const char* what, const fs::path& path, int error) {
  const char* advice = "";
  if (error == ENOSPC || error == EDQUOT) advice = ": free some space and run this again";
  if (error == EROFS || error == EACCES) advice = ": copy the workbook to a folder of your own";
  throw Error(fmt::format("cannot {} {}: {}{}", what, path.string(), std::strerror(error), advice));
}

void write_all(int file, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file) != 0) fail("write", path, errno);
}

}  // namespace

std::optional<std::string> read_file(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream content;
  content << in.rdbuf();
  return std::move(content).str();
}

void write_atomically(const fs::path& path, std::string_view content) {
  std::error_code error;
  if (fs::create_directories(path.parent_path(), error); error) fail("make", path.parent_path(), error.value());
  const fs::path draft = fmt::format("{}.{}.tmp", path.string(), ::getpid());
  try {
    const Descriptor file{::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    if (file.value < 0) fail("write", path, errno);
    write_all(file.value, content, path);
    if (::rename(draft.c_str(), path.c_str()) != 0) fail("write", path, errno);
  } catch (const Error&) {
    ::unlink(draft.c_str());
    throw;
  }
}

std::string fingerprint(std::string_view content) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return fmt::format("{:016x}", hash);
}

std::string timestamp() {
  const std::time_t now = std::time(nullptr);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y%m%d-%H%M%S", std::localtime(&now));
  return text.data();
}

FileLock::FileLock(const fs::path& path) {
  std::error_code error;
  if (fs::create_directories(path.parent_path(), error); error) fail("make", path.parent_path(), error.value());
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) fail("open", path, errno);
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  if (errno == EWOULDBLOCK) fmt::print(stderr, "waiting for another workbook command ...\n");
  try {
    while (::flock(file_, LOCK_EX) != 0) {
      if (errno != EINTR) fail("lock", path, errno);
      check_interrupted();  // another signal, say that the terminal has changed its size, is no reason to give up
    }
  } catch (...) {
    ::close(file_);
    throw;
  }
}

FileLock::~FileLock() { ::close(file_); }

void FileLock::share() { ::flock(file_, LOCK_SH | LOCK_NB); }

}  // namespace workbook::system
