/// The benchmark's program, started by `./workbook bench`.

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <fstream>

#include "common/bench/command_line.h"
#include "common/report/verdict.h"

namespace {

using namespace workbook;

/// What the command line adds to what was typed.
constexpr std::string_view kNotTyped[] = {"--plugins", "--worker", "--board", "--save", "--broken", "--sandbox"};

std::atomic<bool> interrupted{false};
std::atomic<double> interrupted_at{0};

/// The first Ctrl-C asks to end after the present run, another ends at once. What follows within a second is the first
/// one again: `timeout` signals a program and then its group.
void on_interrupt(int number) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const double seconds = static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
  if (interrupted.exchange(true)) {
    if (seconds < interrupted_at + 1) return;
    signal(number, SIG_DFL);
    raise(number);  // arrives when this handler has returned
    return;
  }
  interrupted_at = seconds;
  constexpr char note[] = "\nbench: ends after this run and prints what was measured; Ctrl-C again ends at once\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, note, sizeof note - 1);
}

void show_progress(const bench::Step& step) {
  if (!isatty(STDERR_FILENO)) return;
  constexpr int width = 20;
  const double all = step.done_s + step.left_s;
  const int filled = all > 0 ? static_cast<int>(width * step.done_s / all) : 0;
  const auto left = static_cast<int>(step.left_s);
  fmt::print(stderr, "\r  [{:<{}}] {}:{:02} left  {:<56.56}", std::string(static_cast<std::size_t>(filled), '#'), width,
             left / 60, left % 60, step.what);
  std::fflush(stderr);
}

void clear_progress() {
  if (isatty(STDERR_FILENO)) fmt::print(stderr, "\r{:100}\r", "");
}

int measure(bench::RunCommand& command) {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = 0;  // no SA_RESTART: poll() returns
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
  const auto stop = [] { return interrupted.load(); };
  if (command.lesson == bench::kMine) {
    const std::vector<bench::Document> documents = bench::run_mine(command, show_progress, stop);
    clear_progress();
    fmt::print("{}", bench::rendered(documents, command.format));
    return interrupted ? kExitInterrupted : 0;  // what is wrong or not written yet is part of the answer
  }
  const bench::Document document = bench::run(command, show_progress, stop);
  clear_progress();
  fmt::print("{}", bench::rendered(document, command.format));
  if (interrupted) return kExitInterrupted;
  const auto right = [](const bench::Case& c) {
    using namespace bench::status;
    return c.status != kWrong && c.status != kFailed && c.status != kNotStarted;
  };
  return std::ranges::all_of(document.cases, right) ? 0 : exit_code(Verdict::wrong);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times attention layers, after their results were verified", "./workbook bench");
  bench::RunCommand run;
  bench::declare(app, run);
  run.line = "./workbook bench";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i], option = word.substr(0, word.find('='));
    const bool is_typed = std::ranges::find(kNotTyped, option) == std::end(kNotTyped);
    if (is_typed) run.line += " " + word;
    if (!is_typed && option == word) ++i;  // its value
  }
  try {
    app.parse(argc, argv);
    for (const auto* command : app.get_subcommands()) return bench::run_subcommand(command->get_name(), run);
    return measure(run);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kExitUsage;
  } catch (const std::invalid_argument& e) {  // of the options; a case's own exceptions are its row
    clear_progress();
    fmt::print(stderr, "bench: {}\n", e.what());
    return kExitUsage;
  } catch (const std::exception& e) {
    clear_progress();
    fmt::print(stderr, "bench: {}\n", e.what());
    return kExitFault;
  }
}
