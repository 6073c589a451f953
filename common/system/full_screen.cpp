#include "common/system/full_screen.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "common/system/errors.h"
#include "common/system/utf8.h"

namespace workbook::system {

namespace {

// Another screen (1049), without the cursor (25), and without going on in the next line where one is full (7).
constexpr char kEnter[] = "\033[?1049h\033[?25l\033[?7l\033[2J";
constexpr char kLeave[] = "\033[?2026l\033[0m\033[?7h\033[?25h\033[?1049l";
// A terminal that knows the mode 2026 shows what is between them at once; others pass it over.
constexpr char kFrame[] = "\033[?2026h", kEndOfFrame[] = "\033[0m\033[?2026l";

// What signal handlers need. There is one terminal, so there is one of each.
termios found, raw;
volatile std::sig_atomic_t wanted = 0, taken = 0, stale = 0;
int standard_error = -1, errors_meanwhile = -1;  // the descriptor that was 2, and what takes its place

/// From here on nothing but system calls: signal handlers run it.
void write_all(int to, const char* text, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(to, text, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // the terminal is gone
    text += written;
    size -= static_cast<std::size_t>(written);
  }
}

void take_terminal() {
  while (::tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0 && errno == EINTR) {
  }
  write_all(STDOUT_FILENO, kEnter, sizeof kEnter - 1);
  if (errors_meanwhile >= 0) ::dup2(errors_meanwhile, STDERR_FILENO);
  taken = 1;
  stale = 1;
}

void give_terminal_back() {
  if (taken == 0) return;
  taken = 0;
  write_all(STDOUT_FILENO, kLeave, sizeof kLeave - 1);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &found);
  if (errors_meanwhile < 0) return;
  ::dup2(standard_error, STDERR_FILENO);
  std::array<char, 1024> buffer;
  ::lseek(errors_meanwhile, 0, SEEK_SET);
  for (ssize_t got = 0; (got = ::read(errors_meanwhile, buffer.data(), buffer.size())) > 0;)
    write_all(STDERR_FILENO, buffer.data(), static_cast<std::size_t>(got));
  [[maybe_unused]] const int emptied = ::ftruncate(errors_meanwhile, 0);
  ::lseek(errors_meanwhile, 0, SEEK_SET);
}

void handle(int signal, void (*handler)(int), int flags = 0) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigaction(signal, &action, nullptr);
}

void on_crash(int signal) {
  give_terminal_back();
  handle(signal, SIG_DFL);
  ::raise(signal);
}

/// Stops as if nobody handled the signal: the system does not stop a program that no shell could continue.
void on_stop(int signal) {
  const int error = errno;
  give_terminal_back();
  handle(signal, SIG_DFL);
  ::raise(signal);
  sigset_t this_one;
  ::sigemptyset(&this_one);
  ::sigaddset(&this_one, signal);
  ::sigprocmask(SIG_UNBLOCK, &this_one, nullptr);  // it stops here
  ::sigprocmask(SIG_BLOCK, &this_one, nullptr);
  handle(signal, on_stop);
  if (wanted != 0 && taken == 0) take_terminal();
  errno = error;
}

/// In the background the program stops here again, for the terminal is another's.
void on_continue(int) {
  const int error = errno;
  if (wanted != 0) take_terminal();
  errno = error;
}

void on_resize(int) { stale = 1; }

constexpr std::array kCrashes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT, SIGSYS, SIGTRAP};

void handle_signals() {
  static std::array<char, 65536> room;  // for a stack that is full
  stack_t stack{};
  stack.ss_sp = room.data();
  stack.ss_size = room.size();
  ::sigaltstack(&stack, nullptr);
  for (const int signal : kCrashes) handle(signal, on_crash, SA_ONSTACK);
  handle(SIGTSTP, on_stop);
  handle(SIGCONT, on_continue);
  handle(SIGWINCH, on_resize);  // without SA_RESTART: poll() returns
}

void handle_no_signals() {
  for (const int signal : kCrashes) handle(signal, SIG_DFL);
  for (const int signal : {SIGTSTP, SIGCONT, SIGWINCH}) handle(signal, SIG_DFL);
}

}  // namespace

bool FullScreen::is_possible() { return ::isatty(STDIN_FILENO) == 1 && can_move_cursor(stdout); }

FullScreen::FullScreen() {
  std::fflush(nullptr);
  if (::tcgetattr(STDIN_FILENO, &found) != 0)
    throw Error(fmt::format("cannot use the terminal: {}", std::strerror(errno)));
  raw = found;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);  // Ctrl-C and Ctrl-Z stay signals
  raw.c_iflag &= ~static_cast<tcflag_t>(IXON);  // Ctrl-S, meant for an editor, does not stop the screen
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  if (is_terminal(stderr)) {
    standard_error = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 20);
    errors_meanwhile = ::memfd_create("errors", MFD_CLOEXEC);
  }
  static const bool at_exit = std::atexit(give_terminal_back) == 0;
  static_cast<void>(at_exit);
  handle_signals();
  wanted = 1;
  take_terminal();
}

FullScreen::~FullScreen() {
  std::fflush(nullptr);
  wanted = 0;
  give_terminal_back();
  handle_no_signals();
  for (int* descriptor : {&standard_error, &errors_meanwhile})
    if (const int open = std::exchange(*descriptor, -1); open >= 0) ::close(open);
}

TerminalSize FullScreen::size() { return terminal_size(stdout).value_or(TerminalSize{}); }

void FullScreen::draw(const std::vector<Line>& lines) {
  const TerminalSize screen = size();
  std::string frame = kFrame;
  for (int row = 0; row < screen.rows; ++row) {
    frame += fmt::format("\033[{};1H", row + 1);
    int columns = 0;
    if (row < static_cast<int>(lines.size()))
      for (const Piece& piece : clipped(lines[static_cast<std::size_t>(row)], screen.columns)) {
        frame += piece.ink ? paint(*piece.ink, piece.text) : piece.text;
        columns += width(piece.text);
      }
    if (columns < screen.columns) frame += "\033[K";  // in a full line it would take the last column away
  }
  frame += kEndOfFrame;
  if (stale == 0 && frame == shown_) return;
  stale = 0;
  write_all(STDOUT_FILENO, frame.data(), frame.size());
  shown_ = std::move(frame);
}

std::vector<Key> FullScreen::keys() {
  std::array<char, 256> buffer;
  pollfd ready{STDIN_FILENO, POLLIN, 0};
  bool closed = false;
  // A key may come in two pieces; an Esc that nothing follows is one of its own.
  for (int patience = 0; ::poll(&ready, 1, patience) > 0; patience = typed_.starts_with('\033') ? 30 : 0) {
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    closed = got <= 0;
    if (closed) break;
    typed_.append(buffer.data(), static_cast<std::size_t>(got));
  }
  std::vector<Key> keys = decode_keys(typed_);
  if (!typed_.empty()) keys.push_back({typed_ == "\033" ? Key::Name::escape : Key::Name::unknown});
  typed_.clear();
  if (closed) keys.push_back({Key::Name::closed});
  return keys;
}

}  // namespace workbook::system
