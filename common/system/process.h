#pragma once
/// Child processes that never outlive the command that started them.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/system/launch.h"

namespace workbook::system {

struct Process {
  Argv argv;                                               ///< the program is looked up in PATH
  std::filesystem::path folder;                            ///< where it runs; empty: here
  std::vector<std::pair<std::string, std::string>> env{};  ///< set on top of ours
  bool capture = false;                                    ///< stdout and stderr together, instead of ours
  std::function<void(std::string_view)> on_line{};         ///< called with each captured line as it comes
};

struct Ended {
  int exit_code = -1;  ///< -1 when a signal ended it
  int signal = 0;
  std::string output;  ///< if captured

  bool ok() const { return exit_code == 0; }
};

/// Runs it to its end. On Ctrl-C the child is interrupted too, waited for, and Interrupted is thrown.
/// @throws Error when it cannot be started.
Ended run(const Process& process);

/// Becomes that program. @throws Error when it cannot be started.
[[noreturn]] void become(const Argv& argv);

/// Our environment with those variables set, as NAME=VALUE.
std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& variables);

/// The first program of that name in PATH; empty if there is none.
std::filesystem::path find_program(const std::string& name);

/// Is there such a program in PATH?
inline bool has_program(const std::string& name) { return !find_program(name).empty(); }

/// From now on Ctrl-C (and SIGTERM, SIGHUP) is noted and does not end us.
void catch_interrupts();

/// @throws Interrupted if a signal has come.
void check_interrupted();

/// `text` so that a shell reads it as one word.
std::string shell_quoted(const std::string& text);

}  // namespace workbook::system
