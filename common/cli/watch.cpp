#include <unistd.h>

#include <algorithm>
#include <memory>

#include <fmt/core.h>

#include "common/cli/board.h"
#include "common/cli/command.h"
#include "common/cli/hints.h"
#include "common/cli/loop.h"
#include "common/cli/watch_pane.h"
#include "common/cli/your_work.h"
#include "common/system/errors.h"
#include "common/system/full_screen.h"
#include "common/system/process.h"
#include "common/system/text.h"
#include "common/system/utf8.h"
#include "common/workspace/state.h"

namespace workbook::cli {

namespace {

using std::chrono::milliseconds;

constexpr int kEnd = 1'000'000;  // the screen keeps it in bounds

/// The screen, and what its keys do.
class Watch {
 public:
  Watch(const Book& book, const Lesson& lesson) : book_(book) { begin(lesson); }

  void run() {
    while (true) {
      screen_.draw(screen_lines(lesson(), loop_->board(), loop_->seconds(), view_, FullScreen::size()));
      // While there is a clock on the screen, it goes on.
      loop_->wait(milliseconds(loop_->board().is_over() ? 1000 : 100), STDIN_FILENO);
      follow();
      for (const Key& key : screen_.keys())
        if (!press(key)) return;
    }
  }

 private:
  const Lesson& lesson() const { return loop_->lesson(); }
  const Board& told() const { return board_shown(loop_->board(), view_); }

  void begin(const Lesson& lesson) {
    loop_.reset();
    view_ = View();
    loop_ = std::make_unique<Loop>(book_.workspace, lesson);
    loop_->judge();
  }

  /// Sees to what a new run or a new verdict changes.
  void follow() {
    const Board& board = loop_->board();
    const bool is_new = run_ != board.run;
    run_ = board.run;
    if (is_new && view_.pane == View::Pane::changes) show_changes();
    if (!board.is_over() || view_.judged.run == board.run) return;
    view_.judged = board;
    const bool passed = board.verdict && !is_failure(*board.verdict) && *board.verdict != Verdict::not_started;
    if (passed) show(View::Pane::work);
    const std::string before = std::exchange(view_.test, picked_);
    const BoardTest* failure = shown_failure(lesson(), board, view_);
    if (failure == nullptr || failure->result.id != before) view_.scroll = 0;
    view_.test = failure == nullptr ? "" : failure->result.id;
    if (view_.test != picked_) picked_.clear();
    const Lesson* next = Progress(book_.workspace).next(book_.catalog, &lesson());
    view_.next =
        next == nullptr || next->id == lesson().id
            ? "Every other lesson is finished."
            : fmt::format("Next: lesson {}, {} ({}). Press N.", next->number, next->title, minutes_text(*next));
  }

  void show(View::Pane pane, std::vector<Piece> text = {}) {
    if (view_.pane != pane) view_.scroll = 0;
    view_.pane = pane;
    view_.text = std::move(text);
  }

  /// @returns false to end
  bool press(const Key& key) try {
    view_.notices.clear();
    if (std::exchange(view_.asks_for_reset, false) && key.name == Key::Name::character) {
      if (key.character == 'y' || key.character == 'Y') reset();
      return true;
    }
    const int page = std::max(1, FullScreen::size().rows / 3);
    switch (key.name) {
      case Key::Name::character:
        return press(key.character);
      case Key::Name::closed:
        return false;
      case Key::Name::escape:
        show(View::Pane::work);
        break;
      case Key::Name::up:
      case Key::Name::down:
        view_.scroll += key.name == Key::Name::up ? -1 : 1;
        break;
      case Key::Name::page_up:
      case Key::Name::page_down:
        view_.scroll += key.name == Key::Name::page_up ? -page : page;
        break;
      case Key::Name::home:
      case Key::Name::end:
        view_.scroll = key.name == Key::Name::home ? 0 : kEnd;
        break;
      case Key::Name::unknown:
        break;
    }
    return true;
  } catch (const Error& error) {
    view_.notices.push_back(std::string(trimmed(error.what())));
    return true;
  }

  bool press(char character) {
    switch (character) {
      case 'q':
        return false;
      case 'n':
        next_failure();
        break;
      case 'h':
        show_hints();
        break;
      case 'd':
        if (view_.pane == View::Pane::changes)
          show(View::Pane::work);
        else
          show_changes();
        break;
      case 'r':
        view_.asks_for_reset = true;
        break;
      case 'a':
        loop_->judge();
        break;
      case 'N':
      case '>':
        next_lesson();
        break;
      default:
        break;
    }
    return true;
  }

  void next_failure() {
    const std::vector<const BoardTest*> all = failures_by_exercise(lesson(), told());
    const BoardTest* shown = shown_failure(lesson(), told(), view_);
    const bool from_elsewhere = view_.pane != View::Pane::work;
    show(View::Pane::work);
    if (all.empty() || from_elsewhere) return;
    const auto at = static_cast<std::size_t>(std::ranges::find(all, shown) - all.begin());
    picked_ = view_.test = all[(at + 1) % all.size()]->result.id;
    view_.scroll = 0;
  }

  /// The exercise of the failure that is shown; without one, the next.
  const Exercise& exercise() const {
    if (const BoardTest* failure = shown_failure(lesson(), told(), view_))
      for (const Exercise& exercise : lesson().exercises)
        if (exercise.function == failure->result.function) return exercise;
    return next_exercise(lesson(), verdicts_of_functions(told().report()));
  }

  void show_hints() {
    const Exercise& todo = exercise();
    const bool again = view_.pane != View::Pane::hint;  // what was read before is opened, and no more is given away
    if (!again || hints_seen(book_.workspace, lesson(), todo.todo) == 0)
      count_hint(book_.workspace, lesson(), todo.todo, false);
    const int last = hints_seen(book_.workspace, lesson(), todo.todo);
    show(View::Pane::hint, hints_text(lesson(), todo, last));
    view_.scroll = kEnd;  // the newest
  }

  void show_changes() {
    const std::string changes = changes_text(book_.workspace, lesson(), false);
    show(View::Pane::changes,
         changes.empty() ? std::vector<Piece>{{fmt::format("Lesson {} is as it was handed out.", lesson().number)}}
                         : painted_changes(changes));
  }

  void reset() {
    const auto tell = [this](const std::string& done) { view_.notices.push_back(done); };
    if (!is_edited(book_.workspace, lesson()))
      tell(fmt::format("Lesson {} is as it was handed out.", lesson().number));
    else
      reset_files(book_.workspace, lesson(), tell);
  }

  void next_lesson() {
    const Lesson* next = Progress(book_.workspace).next(book_.catalog, &lesson());
    if (next == nullptr || next->id == lesson().id)
      view_.notices.emplace_back("Every other lesson is finished.");
    else
      begin(*next);
  }

  const Book& book_;
  FullScreen screen_;
  std::unique_ptr<Loop> loop_;
  View view_;
  std::string picked_;  // the failure that the student went to
  int run_ = 0;
};

/// Without a terminal: a line for each verdict.
std::string verdict_line(const Lesson& lesson, const Board& board) {
  std::string line = fmt::format("{} {}: {}", lesson.number, lesson.name,
                                 board.verdict ? spoken(*board.verdict) : "the workbook could not judge it");
  if (board.total > 0)
    line +=
        fmt::format(" · {} of {} tests · {} of {} points", board.passed, board.total, board.points, board.max_points);
  const std::vector<const BoardTest*> failed = failures_by_exercise(lesson, board);
  if (!failed.empty()) line += fmt::format(" · first: \"{}\"", failed.front()->result.name);
  const std::vector<std::string> problem = split_lines(board.problem);
  if (!problem.empty()) line += " · " + printable(problem.front(), 200);
  return line + fmt::format(" · {:.1f} s", board.seconds);
}

void watch_in_lines(const Book& book, const Lesson& lesson) {
  Loop loop(book.workspace, lesson);
  loop.judge();
  for (int told = 0;;) {
    loop.wait(milliseconds(-1));
    const Board& board = loop.board();
    if (!board.is_over() || told == board.run) continue;
    told = board.run;
    fmt::print(stderr, "{}", board.notices);
    fmt::print("{}\n", verdict_line(lesson, board));
    std::fflush(stdout);
  }
}

int watch_lesson(const std::string& wanted) {
  const Book book = open_book();
  const Lesson& lesson = chosen_lesson(book, wanted, "watch");
  if (FullScreen::is_possible())
    Watch(book, lesson).run();
  else
    watch_in_lines(book, lesson);
  return 0;
}

}  // namespace

Action commands::watch(Options options) {
  auto lesson = std::make_shared<std::string>();
  options.text("lesson", *lesson,
               "number, name or part of it; without: the one whose folder this is, else the next unfinished one");
  return [lesson] { return watch_lesson(*lesson); };
}

}  // namespace workbook::cli
