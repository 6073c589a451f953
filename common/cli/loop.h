#pragma once
/// The loop of a student, followed from outside: a file is saved, and the lesson is judged. `watch` shows it on a
/// terminal, `study` on a page.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/report/record.h"
#include "common/system/child.h"
#include "common/system/folder_watch.h"
#include "common/workspace/state.h"
#include "common/workspace/workspace.h"

namespace workbook::cli {

/// A test on the board.
struct BoardTest {
  report::Result result;  ///< of the run before, until it has ended in this one
  bool ended = false;     ///< in this run
  bool known = false;     ///< it has ended in some run since the board was made
};

/// What is known of a lesson at a moment.
struct Board {
  enum class Phase {
    waiting,   ///< nothing was judged yet
    building,  ///< the file is compiled
    running,   ///< tests are ending
    judged,    ///< `verdict` stands
    failed,    ///< the workbook itself could not judge; `problem` says why
  };
  bool is_over() const { return phase == Phase::judged || phase == Phase::failed; }

  int run = 0;  ///< which one it is of those that were begun
  Phase phase = Phase::waiting;
  std::vector<BoardTest> tests;    ///< basic ones first, then as in the lesson's files; empty until they are known
  int built = 0, build_steps = 0;  ///< how far the compiling is; 0 of 0 until that is known
  std::string notices;             ///< sentences of the workbook itself, say that it waits for another command
  std::string problem;             ///< why it does not compile, or could not be judged
  std::string warnings;            ///< of the compiler
  std::string crash;               ///< what the sanitizers saw of a crash
  std::optional<Verdict> verdict;
  int passed = 0, total = 0, points = 0, max_points = 0;
  bool kept = true;                  ///< false: the file was saved while it was compiled
  double seconds = 0;                ///< from the save to the verdict
  double first_failure_seconds = 0;  ///< from the save to the first test that failed; 0: none has

  /// The tests that have ended in this run and count against the file, as the board has them. A test that is not
  /// started is no failure.
  std::vector<const BoardTest*> failures() const;
  int ended() const;
  /// The results that are known of its tests.
  report::Report report() const;
};

/// Watches the files of a lesson, and judges them when they are saved: at once, and anew when a save comes meanwhile.
/// Everything happens in the thread that calls wait().
class Loop {
 public:
  /// @param program  the command line, which judges; this very program, even if it was replaced since
  Loop(workspace::Workspace workspace, workspace::Lesson lesson, std::string program = "/proc/self/exe");

  const workspace::Lesson& lesson() const { return lesson_; }
  const Board& board() const { return board_; }

  /// From the save to the verdict, or to now if there is none yet.
  double seconds() const;

  /// Judges now, whether or not anything was saved.
  void judge();

  /// Waits until the board changes, `wake` (a descriptor) can be read, or the time is over; a negative time is for
  /// ever. A signal ends the wait, too. @returns whether the board has changed. @throws Interrupted on Ctrl-C
  bool wait(std::chrono::milliseconds patience, int wake = -1);

 private:
  bool look_for_save();
  void take(const std::string& line);
  void take_test(const std::string& line);
  void plan(const std::string& line);
  void finish();

  workspace::Workspace workspace_;
  workspace::Lesson lesson_;
  std::string program_;
  system::FolderWatch watch_;
  workspace::Snapshot seen_;
  std::unique_ptr<system::Child> judge_;
  std::chrono::steady_clock::time_point saved_;
  Board board_;
};

}  // namespace workbook::cli
