#include "common/grading/release/edition_trial.h"

#include <unistd.h>

#include <fstream>

#include <fmt/format.h>

#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/system/process.h"
#include "common/system/temporary_folder.h"
#include "common/system/text.h"

namespace workbook::grading {

namespace fs = std::filesystem;

namespace {

using system::Argv;
using system::Error;

class Trial {
 public:
  explicit Trial(fs::path edition) : edition_(std::move(edition)) {}

  /// Runs a command of the edition. @throws Error unless it ends with `code` and prints `expected`.
  std::string run(const Argv& arguments, int code, const std::string& expected) const {
    system::Process process{.argv = {(edition_ / "workbook").string()}, .folder = edition_, .capture = true};
    process.argv.insert(process.argv.end(), arguments.begin(), arguments.end());
    // Nothing of the workbook that makes the edition reaches into it.
    process.env = {{"WORKBOOK_ROOT", ""}, {"WORKBOOK_BUILD_DIR", ""}, {"WORKBOOK_COMMAND", ""}, {"NO_COLOR", "1"}};
    const system::Ended ended = system::run(process);
    if (ended.exit_code != code || ended.output.find(expected) == std::string::npos)
      throw Error(
          fmt::format("in the edition, expected `./workbook {}` to end with {} and say \"{}\"; it ended with {}:\n{}",
                      fmt::join(arguments, " "), code, expected, ended.exit_code, system::trimmed(ended.output)));
    return ended.output;
  }

  /// The stub of a lesson must be not started in every test.
  void try_stub(const workspace::Lesson& lesson) const {
    const std::string output = run({"test", lesson.number, "--json"}, kExitNotStarted, "\"tests\"");
    const auto report = nlohmann::json::parse(output.substr(output.find('{')), nullptr, false);
    if (!report.is_object() || report.value("total", 0) == 0)
      throw Error(fmt::format("in the edition, expected tests of {}, found:\n{}", lesson.id, output));
    for (const auto& test : report.at("tests"))
      if (test.value("verdict", "") != "not_started")
        throw Error(
            fmt::format("in the edition, expected the stub of {} to be not started in \"{}\", found {}. Is it the form "
                        "to hand out?",
                        lesson.id, test.value("name", ""), test.value("verdict", "")));
  }

  /// hint, diff, reset and submit, on a file with one more line.
  void try_commands(const workspace::Lesson& lesson) const {
    run({"hint", lesson.number}, 0, "hint 1 of 3");
    run({"diff", lesson.number}, 0, "is as it was handed out");
    std::ofstream(edition_ / "lessons" / lesson.id / lesson.files.front(), std::ios::app) << "// begun\n";
    run({"diff", lesson.number}, 0, "+// begun");
    run({"submit"}, 0, lesson.files.front());
    if (!fs::exists(edition_ / "submission.zip")) throw Error("in the edition, `submit` wrote no submission.zip");
    run({"reset", lesson.number, "--yes"}, 0, "is as it was handed out");
    run({"diff", lesson.number}, 0, "is as it was handed out");
  }

  /// Before passing it is not shown; what is handed in as one's own passes, and both are shown.
  void try_solution(const workspace::Lesson& lesson) const {
    run({"solution", lesson.number}, 2, "to have passed");
    for (const std::string& file : lesson.files)
      fs::copy_file(edition_ / "solutions" / lesson.id / file, edition_ / "lessons" / lesson.id / file,
                    fs::copy_options::overwrite_existing);
    run({"test", lesson.number}, 0, "passed");
    run({"solution", lesson.number}, 0, "Worth comparing");
    run({"reset", lesson.number, "--yes"}, 0, "is as it was handed out");
  }

 private:
  static constexpr int kExitNotStarted = 10;
  fs::path edition_;
};

}  // namespace

void try_edition(const fs::path& folder, const std::vector<workspace::Lesson>& lessons,
                 const std::vector<workspace::Lesson>& solved, const std::function<void(const std::string&)>& say) {
  const system::TemporaryFolder scratch(fs::temp_directory_path() / fmt::format("workbook edition {}", ::getpid()));
  const fs::path copy = scratch.path() / folder.filename();
  fs::copy(folder, copy, fs::copy_options::recursive);
  const Trial trial(copy);
  say("building its command line");
  const std::string board = trial.run({"list"}, 0, "Next: lesson " + lessons.front().number);
  trial.run({"verify"}, 2, "needs the instructor's workbook");
  for (const workspace::Lesson& lesson : lessons) {
    say("lesson " + lesson.number);
    trial.try_stub(lesson);
    trial.try_commands(lesson);
  }
  for (const workspace::Lesson& lesson : solved) {
    say("the solution of lesson " + lesson.number);
    trial.try_solution(lesson);
  }
}

}  // namespace workbook::grading
