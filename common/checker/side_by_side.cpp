#include "common/checker/side_by_side.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "common/system/file_descriptor.h"

namespace workbook {
namespace {

using nlohmann::json;

/// What a process has to say when its test has ended.
struct Ending {
  ToldTest test;
  Timeouts timeouts;  ///< what it has added to them
};

std::string to_json(const Ending& ending) {
  return json{{"test", to_json(ending.test)},
              {"timed_out", ending.timeouts.counts()},
              {"cpu_s", ending.timeouts.cpu_seconds()},
              {"idle_s", ending.timeouts.idle_seconds()}}
      .dump();
}

Ending ending_in(const std::string& text) {
  const json parts = json::parse(text);
  return {told_test(parts.at("test")),
          Timeouts(parts.at("timed_out").get<Timeouts::Counts>(), parts.at("cpu_s"), parts.at("idle_s"))};
}

void write_all(int to, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(to, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// In the copy: runs the test, says what came of it, and ends.
[[noreturn]] void judge_one(CheckerRun& checker, const ReportOptions& options, const report::Test& test, int to) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const Timeouts before = checker.timeouts;
  std::optional<ToldTest> said;
  checker.ended = [&](const TestResult& result) { said = told(result, options); };
  run_tests(checker, {test});
  if (said) write_all(to, to_json(Ending{*said, checker.timeouts.since(before)}));
  std::fflush(stderr);
  std::_Exit(said ? 0 : kExitFault);
}

/// The process of one test.
class Copy {
 public:
  Copy(CheckerRun& checker, const ReportOptions& options, const report::Test& test) : name_(test.name) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error(std::string("cannot make a pipe: ") + strerror(errno));
    said_ = system::FileDescriptor(ends[0]);
    const system::FileDescriptor theirs(ends[1]);
    std::fflush(nullptr);  // what is in a buffer would be printed twice
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error(std::string("cannot start a process: ") + strerror(errno));
    if (process_ == 0) judge_one(checker, options, test, theirs.get());
  }
  ~Copy() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    wait();
  }
  Copy(Copy&& other) noexcept
      : name_(std::move(other.name_)),
        process_(std::exchange(other.process_, -1)),
        said_(std::move(other.said_)),
        text_(std::move(other.text_)) {}
  Copy& operator=(Copy&&) = delete;

  int said() const { return said_.get(); }

  /// Reads what has come. @returns whether that was all
  bool read() {
    std::array<char, 65536> buffer;
    const ssize_t got = ::read(said_.get(), buffer.data(), buffer.size());
    if (got > 0) text_.append(buffer.data(), static_cast<std::size_t>(got));
    return got == 0 || (got < 0 && errno != EINTR);
  }

  Ending ending() {
    const int status = wait();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      throw std::runtime_error("the test \"" + name_ + "\" could not be judged");
    return ending_in(text_);
  }

 private:
  int wait() {
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return status;
  }

  std::string name_;
  pid_t process_ = -1;
  system::FileDescriptor said_;
  std::string text_;
};

/// Whether all that tests load has been built.
class RestOfBuild {
 public:
  explicit RestOfBuild(const std::string& pipe) {
    if (pipe.empty()) return;
    pipe_ = system::FileDescriptor(::open(pipe.c_str(), O_RDONLY | O_CLOEXEC));
    if (pipe_.get() < 0) give_up();
  }

  bool built() const { return pipe_.get() < 0; }
  int said() const { return pipe_.get(); }

  void read() {
    char word = 0;
    if (::read(pipe_.get(), &word, 1) != 1 || word != kBuilt) give_up();
    pipe_ = system::FileDescriptor();
  }

 private:
  /// Without a word: whoever built has something to say.
  [[noreturn]] static void give_up() {
    std::fflush(nullptr);
    std::_Exit(kExitFault);
  }

  system::FileDescriptor pipe_;
};

/// Tests that have not begun, by their place in the list.
class Waiting {
 public:
  explicit Waiting(std::size_t tests) : tests_(tests) { std::iota(tests_.begin(), tests_.end(), std::size_t{0}); }

  /// The first of those that may begin.
  std::optional<std::size_t> take(const std::function<bool(std::size_t)>& may_begin) {
    const auto next = std::ranges::find_if(tests_, may_begin);
    if (next == tests_.end()) return std::nullopt;
    const std::size_t test = *next;
    tests_.erase(next);
    return test;
  }

 private:
  std::vector<std::size_t> tests_;
};

}  // namespace

void run_side_by_side(CheckerRun& checker, const ReportOptions& options, const std::vector<report::Test>& tests,
                      const SideBySide& how, Report& report) {
  RestOfBuild rest(how.rest_of_build);
  Waiting waiting(tests.size());
  const auto may_begin = [&](std::size_t test) { return rest.built() || !loads_another_flavour(tests[test]); };
  std::map<std::size_t, Copy> running;
  std::map<std::size_t, ToldTest> early;  // ended before one that comes first
  std::size_t told = 0;
  while (told < tests.size()) {
    while (running.size() < static_cast<std::size_t>(how.jobs)) {
      const auto next = waiting.take(may_begin);
      if (!next) break;
      running.emplace(*next, Copy(checker, options, tests[*next]));
    }
    std::vector<pollfd> wait;
    for (const auto& [index, copy] : running) wait.push_back({copy.said(), POLLIN, 0});
    if (!rest.built()) wait.push_back({rest.said(), POLLIN, 0});
    ::poll(wait.data(), wait.size(), -1);
    if (!rest.built() && wait.back().revents != 0) rest.read();
    std::size_t polled = 0;
    for (auto it = running.begin(); it != running.end();) {
      if (wait[polled++].revents == 0 || !it->second.read()) {
        ++it;
        continue;
      }
      Ending ending = it->second.ending();
      checker.timeouts.merge(ending.timeouts);
      if (options.follow) {
        report.add(ending.test);
        ++told;
      } else {
        early.emplace(it->first, std::move(ending.test));
      }
      it = running.erase(it);
    }
    for (auto next = early.find(told); next != early.end(); next = early.find(++told)) {
      report.add(next->second);
      early.erase(next);
    }
  }
}

}  // namespace workbook
