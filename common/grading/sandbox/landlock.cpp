#include "common/grading/sandbox/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace workbook::grading {
namespace {

// Rights in the order in which Landlock learned them; headers are often older than the kernel.
constexpr std::uint64_t kExecute = 1 << 0, kWriteFile = 1 << 1, kReadFile = 1 << 2, kReadDir = 1 << 3;
constexpr std::uint64_t kRemoveDir = 1 << 4, kRemoveFile = 1 << 5, kMakeDir = 1 << 7, kMakeFile = 1 << 8;
constexpr std::uint64_t kRefer = 1 << 13, kTruncate = 1 << 14, kDeviceControl = 1 << 15;
constexpr std::uint64_t kFirstRights = (1 << 13) - 1;

struct Ruleset {  // struct landlock_ruleset_attr of version 6
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scopes = 0;
};

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

Ruleset everything_known_to(long version) {
  Ruleset all{.files = kFirstRights};
  if (version >= 2) all.files |= kRefer;
  if (version >= 3) all.files |= kTruncate;
  if (version >= 4) all.network = 3;  // bind and connect TCP
  if (version >= 5) all.files |= kDeviceControl;
  if (version >= 6) all.scopes = 3;  // abstract sockets, signals
  return all;
}

void allow(int ruleset, const std::string& path, std::uint64_t rights) {
  const int file = open(path.c_str(), O_PATH | O_CLOEXEC);
  struct stat status {};
  if (file < 0 || fstat(file, &status) != 0) fail(path);
  if (!S_ISDIR(status.st_mode)) rights &= kExecute | kReadFile | kWriteFile | kTruncate;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = file;
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) fail("Landlock: " + path);
  close(file);
}

}  // namespace

void confine_to_files(const std::vector<std::string>& read, const std::vector<std::string>& write) {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) fail("expected a kernel with Landlock (5.13 or later, and switched on)");
  const Ruleset all = everything_known_to(version);
  const std::size_t size = version >= 6 ? sizeof all : version >= 4 ? 2 * sizeof all.files : sizeof all.files;
  const int ruleset = static_cast<int>(syscall(SYS_landlock_create_ruleset, &all, size, 0));
  if (ruleset < 0) fail("Landlock: cannot make rules");
  constexpr std::uint64_t kRead = kExecute | kReadFile | kReadDir;
  constexpr std::uint64_t kChange = kWriteFile | kRemoveDir | kRemoveFile | kMakeDir | kMakeFile | kTruncate;
  for (const std::string& path : read) allow(ruleset, path, kRead);
  for (const std::string& path : write) allow(ruleset, path, (kRead | kChange) & all.files);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
    fail("Landlock: cannot put the rules in force");
  close(ruleset);
}

}  // namespace workbook::grading
