#include "common/grading/exports/display.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include <fmt/core.h>

#include "common/system/terminal.h"

namespace workbook::grading {

namespace {

std::size_t terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

std::string time_left(double seconds) {
  if (seconds < 60) return fmt::format("about {:.0f} s left", seconds);
  if (seconds < 5400) return fmt::format("about {:.0f} min left", seconds / 60);
  return fmt::format("about {:.1f} h left", seconds / 3600);
}

}  // namespace

Display::Display(std::size_t total, int slots)
    : total_(total), running_(static_cast<std::size_t>(slots)), terminal_(system::is_terminal(stderr)) {}

void Display::started(int slot, const std::string& name) {
  running_.at(static_cast<std::size_t>(slot)) = name;
  refresh();
}

void Display::finished(int slot, std::string_view text) {
  ++done_;
  std::string& name = running_.at(static_cast<std::size_t>(slot));
  if (!terminal_) report(fmt::format("{}: {}", name, text));
  name.clear();
}

void Display::failed(int slot, std::string_view why, bool again) {
  std::string& name = running_.at(static_cast<std::size_t>(slot));
  if (!again) {
    ++done_;
    ++faults_;
  }
  clear();
  report(fmt::format("{}: grader fault, {}: {}", name, again ? "trying again" : "left for another run", why));
  name.clear();
}

void Display::report(std::string_view text) {
  fmt::print(stderr, "[{}/{}] {}\n", done_, total_, text);
  std::fflush(stderr);
}

std::string Display::line(std::chrono::steady_clock::duration elapsed) const {
  std::string line = fmt::format("{} of {} done", done_, total_);
  if (faults_ != 0) line += fmt::format(", {} {}", faults_, faults_ == 1 ? "fault" : "faults");
  const double seconds = std::chrono::duration<double>(elapsed).count();
  if (done_ != 0 && done_ != total_)
    line += ", " + time_left(seconds / static_cast<double>(done_) * static_cast<double>(total_ - done_));
  std::string names;
  for (const std::string& name : running_)
    if (!name.empty()) names += (names.empty() ? ": " : " · ") + name;
  return line + names;
}

void Display::refresh() {
  if (!terminal_) return;
  std::string text = line(std::chrono::steady_clock::now() - start_);
  // Names are letters, digits and blanks; a cut inside the dot between two would show as one broken character.
  const std::size_t columns = terminal_columns() - 1;
  if (text.size() > columns) text.resize(columns);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0x80) != 0) text.pop_back();
  fmt::print(stderr, "\r\033[K{}", text);
  std::fflush(stderr);
  drawn_ = true;
}

void Display::clear() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
  drawn_ = false;
}

}  // namespace workbook::grading
