/// Serves the documentation with a panel that follows the student's file. `./workbook study` builds and starts it.
///   study --judge PROGRAM [--lesson ID] [--pages FOLDER] [--port N] [--no-browser]

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "common/cli/command.h"
#include "common/cli/loop.h"
#include "common/cli/study/server.h"
#include "common/cli/study/snapshot.h"
#include "common/report/verdict.h"
#include "common/system/errors.h"
#include "common/system/file_descriptor.h"
#include "common/system/launch.h"
#include "common/system/process.h"
#include "common/system/text.h"

namespace workbook::cli::study {

namespace {

using std::chrono::milliseconds;

struct Wanted {
  std::string judge, lesson, pages;
  int port = 0;
  bool no_browser = false;
};

/// Follows a lesson for the pages that are open.
class Follower {
 public:
  Follower(const Book& book, const Lesson& lesson, std::string judge, Desk& desk)
      : book_(book), judge_(std::move(judge)), desk_(desk) {
    open(lesson);
  }

  /// @throws Interrupted on Ctrl-C
  [[noreturn]] void run() {
    for (;;) {
      desk_.publish(snapshot_document(book_, loop_->lesson(), loop_->board()));
      loop_->wait(milliseconds(-1), desk_.wake());
      for (const Wish& wish : desk_.wishes()) fulfil(wish);
    }
  }

 private:
  void fulfil(const Wish& wish) {
    const auto& lessons = book_.catalog.lessons;
    const auto wanted = std::ranges::find(lessons, wish.lesson, &Lesson::id);
    if (wanted == lessons.end()) return;
    if (wanted->id != loop_->lesson().id)
      open(*wanted);
    else if (wish.kind == Wish::Kind::judge)
      loop_->judge();
  }

  void open(const Lesson& lesson) {
    loop_.reset();
    loop_ = std::make_unique<Loop>(book_.workspace, lesson, judge_);
    loop_->judge();
  }

  const Book& book_;
  std::string judge_;
  Desk& desk_;
  std::unique_ptr<Loop> loop_;
};

/// Has the system's browser open the address, if there is a screen for one.
void open_browser(const std::string& address) {
  const auto is_set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  const bool screen = is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"), wsl = is_set("WSL_DISTRO_NAME");
  const std::string opener = wsl && has_program("wslview") ? "wslview" : "xdg-open";
  if (!(screen || wsl) || !has_program(opener)) return;
  const FileDescriptor nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  // Nobody waits for it: a browser may stay as long as it likes.
  launch({.argv = {opener, address},
          .descriptors = {{nowhere.get(), 0}, {nowhere.get(), 1}, {nowhere.get(), 2}},
          .own_group = true});
}

int serve(const Wanted& wanted) {
  Book book{find_workspace(), {}};
  book.catalog = read_catalog(book.workspace);
  const Lesson& lesson = book.catalog.find(wanted.lesson);
  Desk desk;
  Site site(book, wanted.pages.empty() ? std::nullopt : std::optional<fs::path>(wanted.pages), desk);
  Server server(site, desk, wanted.port);
  server.start();
  const std::string address = server.address(page_address(lesson));
  fmt::print("Lesson {}, {}, is at\n\n  {}\n\nThe page follows your file whenever you save it. Ctrl-C ends.\n",
             lesson.number, lesson.title, address);
  std::fflush(stdout);
  if (!wanted.no_browser) open_browser(server.single_use_address(page_address(lesson)));
  Follower(book, lesson, wanted.judge, desk).run();
}

Wanted read_options(int argc, char** argv) {
  Wanted wanted;
  CLI::App app{"Serves the documentation with a panel that follows your file.", "study"};
  app.add_option("--judge", wanted.judge)->required();
  app.add_option("--lesson", wanted.lesson)->required();
  app.add_option("--pages", wanted.pages);
  app.add_option("--port", wanted.port)->check(CLI::Range(0, 65535));
  app.add_flag("--no-browser", wanted.no_browser);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) std::exit(app.exit(error));
    throw UsageError(error.what());
  }
  return wanted;
}

int guarded(int argc, char** argv) {
  try {
    return serve(read_options(argc, argv));
  } catch (const Interrupted&) {
    fmt::print(stderr, "\nInterrupted.\n");
    return kExitInterrupted;
  } catch (const Error& error) {
    fmt::print(stderr, "workbook: {}\n", trimmed(error.what()));
    return error.exit_code;
  } catch (const std::exception& error) {
    fmt::print(stderr, "workbook: {}\n", error.what());
    return kExitFault;
  }
}

}  // namespace

}  // namespace workbook::cli::study

int main(int argc, char** argv) {
  workbook::cli::catch_interrupts();
  std::signal(SIGPIPE, SIG_IGN);  // a page that is closed while something is sent
  const int code = workbook::cli::study::guarded(argc, argv);
  std::fflush(stdout);
  return code;
}
