#pragma once
/// Runs a command whose output, time and remains are bounded, whatever it does.

#include <string>
#include <vector>

namespace workbook::system {

struct BoundedCommand {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  ///< NAME=VALUE, nothing else
  double wall_seconds = 60;
  std::size_t output_bytes = 64 << 10;  ///< of stdout and stderr together; the rest is read and forgotten
  bool says_ready = false;              ///< give it descriptor 3, for `confine --ready 3`
};

struct Bounded {
  int exit_code = -1;  ///< -1 when a signal ended it
  int signal = 0;
  bool late = false;   ///< ended by us when its time was up
  bool ready = false;  ///< whether the program was reached: before that, only what confines it ran
  std::string output;
  double seconds = 0;

  bool ok() const { return exit_code == 0; }
};

/// Runs it to its end, then kills what is left of its process group. Safe to call from several threads.
/// @throws Error if it cannot be started
Bounded run_bounded(const BoundedCommand& command);

}  // namespace workbook::system
