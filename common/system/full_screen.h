#pragma once
/// The whole terminal as one screen: frames are drawn over each other, and keys are read one by one.

#include <string>
#include <vector>

#include "common/system/keys.h"
#include "common/system/styled_line.h"
#include "common/system/terminal.h"

namespace workbook::system {

/// Takes the terminal over, and gives it back as it was found: when destroyed, when the program is stopped (Ctrl-Z)
/// until it goes on, and when it crashes or exits. What is written to standard error meanwhile appears after that.
/// There is one at a time.
class FullScreen {
 public:
  /// Can the terminal do this? It takes one for input and output, that knows more than lines.
  static bool is_possible();

  /// @throws Error if the terminal cannot be taken over
  FullScreen();
  ~FullScreen();
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;

  static TerminalSize size();

  /// Shows these lines, each clipped, as far as there are rows. Nothing is written if that is what the screen shows.
  void draw(const std::vector<Line>& lines);

  /// The keys that were pressed since the last call, without waiting. A change of the size, which ends poll(), is none.
  std::vector<Key> keys();

 private:
  std::string shown_;  // the frame that the screen shows
  std::string typed_;  // the beginning of a key
};

}  // namespace workbook::system
