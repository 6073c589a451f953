#pragma once
/// What the terminal can do, and colour for it.

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace workbook::system {

enum class Ink { bold, dim, red, green, yellow };

bool is_terminal(std::FILE* stream);

struct TerminalSize {
  int rows = 24, columns = 80;
};

/// Nothing if it is no terminal.
std::optional<TerminalSize> terminal_size(std::FILE* stream);

/// Whether it is a terminal that can do more than print lines.
bool can_move_cursor(std::FILE* stream);

/// On such a terminal only, and never with NO_COLOR or a terminal that cannot.
bool has_colour(std::FILE* stream);

/// `text` in that ink, as standard output can show it.
std::string paint(Ink ink, std::string_view text);

/// One line that is written over and over on a terminal; elsewhere nothing but the announcement.
class ProgressLine {
 public:
  /// `announcement` is printed once, and only when there is progress to show.
  explicit ProgressLine(std::string announcement) : announcement_(std::move(announcement)) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(std::string_view progress);
  void clear();

 private:
  std::string announcement_;
  bool announced_ = false;
  bool on_line_ = false;
};

/// Asks a yes-or-no question; without a terminal the answer is yes.
bool confirm(const std::string& question);

}  // namespace workbook::system
