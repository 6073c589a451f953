#include "common/system/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include <fmt/core.h>

#include "common/system/errors.h"
#include "common/system/text.h"

namespace workbook::system {

bool is_terminal(std::FILE* stream) { return ::isatty(::fileno(stream)) == 1; }

std::optional<TerminalSize> terminal_size(std::FILE* stream) {
  if (!is_terminal(stream)) return std::nullopt;
  winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return TerminalSize{};
  return TerminalSize{size.ws_row, size.ws_col};
}

bool can_move_cursor(std::FILE* stream) {
  const char* term = std::getenv("TERM");
  return is_terminal(stream) && term != nullptr && *term != '\0' && std::string_view(term) != "dumb";
}

bool has_colour(std::FILE* stream) {
  const char* no_colour = std::getenv("NO_COLOR");
  const bool refused = no_colour != nullptr && *no_colour != '\0';
  return can_move_cursor(stream) && !refused;
}

std::string paint(Ink ink, std::string_view text) {
  static const bool on = has_colour(stdout);
  if (!on || text.empty()) return std::string(text);
  constexpr std::array codes{"1", "2", "31", "32", "33"};
  return fmt::format("\033[{}m{}\033[0m", codes.at(static_cast<std::size_t>(ink)), text);
}

void ProgressLine::show(std::string_view progress) {
  if (is_terminal(stderr)) {
    std::string line = fmt::format("{} {}", announcement_, progress);
    if (line.size() > 78) line.resize(78);
    fmt::print(stderr, "\r\033[K{}", line);
    on_line_ = true;
  } else if (!announced_) {
    fmt::print(stderr, "{} ...\n", announcement_);
  }
  announced_ = true;
  std::fflush(stderr);
}

void ProgressLine::clear() {
  if (on_line_) fmt::print(stderr, "\r\033[K");
  on_line_ = false;
}

bool confirm(const std::string& question) {
  if (!is_terminal(stdin)) return true;
  fmt::print("{} [y/N] ", question);
  std::fflush(stdout);
  std::string answer;
  char c = 0;
  ssize_t got = 0;
  while ((got = ::read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') answer += c;
  if (got < 0) throw Interrupted{};
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace workbook::system
