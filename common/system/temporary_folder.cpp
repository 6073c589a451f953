#include "common/system/temporary_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include <fmt/core.h>

#include "common/system/errors.h"

namespace workbook::system {

namespace fs = std::filesystem;
namespace {

constexpr const char* kPrefix = "workbook-scratch-";

/// Folders of programs that no longer run: nobody holds their lock.
void remove_leftovers(const fs::path& parent) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    struct stat status {};
    const fs::path lock = entry.path() / "lock";
    if (!entry.path().filename().string().starts_with(kPrefix) || lstat(lock.c_str(), &status) != 0 ||
        status.st_uid != geteuid() || !S_ISREG(status.st_mode))
      continue;
    if (const FileDescriptor held = try_lock(lock); held.get() >= 0) fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

FileDescriptor try_lock(const fs::path& file) {
  while (true) {
    FileDescriptor lock(open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    struct stat status {};
    if (lock.get() < 0 || flock(lock.get(), LOCK_EX | LOCK_NB) != 0 || fstat(lock.get(), &status) != 0) return {};
    // A lock on a file that its last holder has removed keeps nobody out.
    if (status.st_nlink > 0) return lock;
  }
}

ScratchFolder::ScratchFolder() {
  const fs::path parent = fs::temp_directory_path();
  remove_leftovers(parent);
  std::string name = (parent / kPrefix).string() + "XXXXXX";
  if (!mkdtemp(name.data()))
    throw Error(fmt::format("expected to make a folder in {}; found: {}", parent.string(), std::strerror(errno)));
  path_ = name;
  lock_ = try_lock(path_ / "lock");
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace workbook::system
