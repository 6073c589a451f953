#include "common/cli/loop.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "common/system/errors.h"
#include "common/system/json.h"
#include "common/system/text.h"

namespace workbook::cli {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// Saves that follow each other faster are one: some editors write a file in several steps.
constexpr milliseconds kBurst{20};
/// How often files are looked at where no notice comes.
constexpr milliseconds kLook{1000};

}  // namespace

std::vector<const BoardTest*> Board::failures() const {
  std::vector<const BoardTest*> failed;
  for (const BoardTest& test : tests)
    if (test.ended && is_failure(test.result.verdict)) failed.push_back(&test);
  return failed;
}

int Board::ended() const {
  return static_cast<int>(std::ranges::count_if(tests, [](const BoardTest& test) { return test.ended; }));
}

report::Report Board::report() const {
  report::Report known;
  for (const BoardTest& test : tests)
    if (test.known) known.tests.push_back(test.result);
  return known;
}

Loop::Loop(workspace::Workspace workspace, workspace::Lesson lesson, std::string program)
    : workspace_(std::move(workspace)),
      lesson_(std::move(lesson)),
      program_(std::move(program)),
      watch_({lesson_.folder}),
      seen_(workspace::snapshot(lesson_)) {}

double Loop::seconds() const {
  const bool judging = board_.phase == Board::Phase::building || board_.phase == Board::Phase::running;
  return judging ? std::chrono::duration<double>(Clock::now() - saved_).count() : board_.seconds;
}

void Loop::judge() {
  judge_.reset();  // what is judged is no longer what the student has
  seen_ = workspace::snapshot(lesson_);
  saved_ = Clock::now();
  Board next{.run = board_.run + 1, .phase = Board::Phase::building, .tests = std::move(board_.tests)};
  for (BoardTest& test : next.tests) test.ended = false;
  board_ = std::move(next);
  judge_ = std::make_unique<system::Child>(system::Argv{program_, "test", lesson_.id, "--stream"});
}

bool Loop::look_for_save() {
  if (workspace::snapshot(lesson_) == seen_) return false;
  // An editor that removes the file and makes it anew is given the time to do so.
  for (int look = 0; look < 25; ++look) {
    watch_.clear();
    pollfd more{watch_.events(), POLLIN, 0};
    const bool quiet = ::poll(&more, 1, static_cast<int>(kBurst.count())) <= 0;
    if (quiet && lesson_.contents_in(lesson_.folder).size() == lesson_.files.size()) break;
  }
  judge();
  return true;
}

bool Loop::wait(milliseconds patience, int wake) {
  const auto until = Clock::now() + patience;
  for (;;) {
    system::check_interrupted();
    if (look_for_save()) return true;
    const auto left = patience.count() < 0 ? kLook : std::chrono::duration_cast<milliseconds>(until - Clock::now());
    std::array<pollfd, 3> on{
        {{watch_.events(), POLLIN, 0}, {judge_ ? judge_->output() : -1, POLLIN, 0}, {wake, POLLIN, 0}}};
    const int ready = ::poll(on.data(), on.size(), static_cast<int>(std::clamp(left, milliseconds(0), kLook).count()));
    if (ready < 0) return false;  // a signal: the terminal has another size, say
    watch_.clear();
    if (on[1].revents != 0) {
      for (const std::string& line : judge_->lines()) take(line);
      if (judge_->closed()) finish();
      return true;
    }
    if (on[2].revents != 0) return false;
    if (patience.count() >= 0 && Clock::now() >= until) return false;
  }
}

namespace {

/// What was announced ("Configuring ...") is done when something else is told.
void drop_announcement(std::string& notices) {
  if (!notices.ends_with(" ...\n")) return;
  const auto line = notices.rfind('\n', notices.size() - 2);
  notices.erase(line == notices.npos ? 0 : line + 1);
}

}  // namespace

void Loop::take(const std::string& line) try {
  const json event = json::parse(line);
  const std::string name = event.at("event");
  drop_announcement(board_.notices);
  if (name == "building") {
    board_.built = event.at("done");
    board_.build_steps = event.at("steps");
  } else if (name == "warnings") {
    board_.warnings = event.at("text");
  } else if (name == "run") {
    plan(line);
  } else if (name == "test") {
    take_test(line);
  } else if (name == "end") {
    board_.passed = event.at("passed");
    board_.total = event.at("total");
    board_.points = event.at("points");
    board_.max_points = event.at("max_points");
  } else if (name == "crash") {
    board_.crash = event.at("text");
  } else if (name == "judged") {
    board_.seconds = seconds();
    board_.phase = Board::Phase::judged;
    board_.verdict = verdict_named(event.at("verdict").get<std::string>());
    board_.problem = event.at("problem");
    board_.kept = event.at("kept");
  }
} catch (const std::exception&) {
  board_.notices += line + '\n';
}

namespace {

int rank(const report::Test& test) { return test.group == "basic" ? 0 : test.hidden() ? 2 : 1; }

}  // namespace

void Loop::plan(const std::string& line) {
  std::vector<BoardTest> tests;
  for (const report::Test& planned : report::planned_tests(line)) {
    BoardTest test;
    const auto before = std::ranges::find(board_.tests, planned.id, [](const BoardTest& t) { return t.result.id; });
    if (before != board_.tests.end()) test = std::move(*before);
    static_cast<report::Test&>(test.result) = planned;
    tests.push_back(std::move(test));
  }
  std::ranges::stable_sort(tests, {}, [](const BoardTest& test) { return rank(test.result); });
  board_.tests = std::move(tests);
  board_.phase = Board::Phase::running;
}

void Loop::take_test(const std::string& line) {
  const report::Result result = report::read_result(line);
  const auto test = std::ranges::find(board_.tests, result.id, [](const BoardTest& t) { return t.result.id; });
  if (test == board_.tests.end()) return;
  if (board_.first_failure_seconds == 0 && is_failure(result.verdict)) board_.first_failure_seconds = seconds();
  *test = {result, true, true};
}

void Loop::finish() {
  const system::Ended ended = judge_->wait();
  if (board_.phase != Board::Phase::judged) {
    board_.seconds = seconds();
    board_.phase = Board::Phase::failed;
    board_.problem = std::exchange(board_.notices, "");
    if (board_.problem.empty())
      board_.problem = ended.signal != 0
                           ? std::string("the judge was ended by a signal: ") + ::strsignal(ended.signal)
                           : "the judge ended without a verdict, with exit code " + std::to_string(ended.exit_code);
  }
  judge_.reset();
}

}  // namespace workbook::cli
