#include "common/checker/source_location.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <sstream>
#include <vector>

#include "common/checker/file_descriptor.h"

extern char** environ;

namespace workbook {
namespace {

std::string output_of(const std::vector<std::string>& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed) return {};
  writing = FileDescriptor();
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = read(reading.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  waitpid(pid, nullptr, 0);
  return text;
}

/// An implementation is one source file; headers, glue and the system are not where a student looks.
bool is_own_file(const std::string& path) {
  return !path.starts_with("??") && !path.starts_with("/usr/") && path.find("/gcc/") == std::string::npos &&
         !path.ends_with(".h") && !path.ends_with("/glue.cpp") && !path.ends_with("/device_buffer.cpp");
}

}  // namespace

std::string source_location(const std::string& plugin, std::span<const std::uint64_t> offsets) {
  std::vector<std::string> command{"addr2line", "-i", "-e", plugin};
  for (const std::uint64_t offset : offsets) {
    char hex[32];
    std::snprintf(hex, sizeof hex, "0x%llx", static_cast<unsigned long long>(offset));
    command.push_back(hex);
  }
  if (offsets.empty()) return {};
  std::istringstream lines(output_of(command));
  for (std::string line; std::getline(lines, line);) {
    line = line.substr(0, line.find(" (discriminator"));
    const auto colon = line.rfind(':');
    if (colon == std::string::npos || !is_own_file(line.substr(0, colon)) || line.ends_with(":?")) continue;
    std::string file = line.substr(0, colon);
    // Inlined functions are sometimes said to be in the translation of a .cu file, at the line that they have in both.
    if (file.find("/translated/") != std::string::npos && file.ends_with(".cpp"))
      file.replace(file.size() - 3, 3, "cu");
    return file.substr(file.find_last_of('/') + 1) + line.substr(colon);
  }
  return {};
}

}  // namespace workbook
