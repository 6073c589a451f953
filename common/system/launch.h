#pragma once
/// How every program here starts another.

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace workbook::system {

using Argv = std::vector<std::string>;

struct Launch {
  Argv argv;                                              ///< the program is looked up in PATH
  std::optional<std::vector<std::string>> environment{};  ///< NAME=VALUE and nothing else; none: ours
  std::filesystem::path folder{};                         ///< where it runs; empty: here
  std::vector<std::pair<int, int>> descriptors{};         ///< (ours, its), in this order; ours may be close-on-exec
  bool own_group = false;                                 ///< leads a process group: Ctrl-C in a terminal passes it by
  bool dies_with_us = false;                              ///< SIGTERM when the thread that started it ends
};

/// Starts it, with every signal handled as by default and none blocked. Safe to call from several threads.
/// @throws Error if it cannot be started, with the system's reason
pid_t launch(const Launch& launch);

/// The words as execve() takes them; they point into `words`.
std::vector<char*> c_strings(const std::vector<std::string>& words);

}  // namespace workbook::system
