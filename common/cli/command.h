#pragma once
/// The commands. To add one: write its file, and give it a line in each of the two lists below.

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "common/cli/options.h"
#include "common/cli/system.h"
#include "common/workspace/workspace.h"

namespace workbook::cli {

/// Runs the command after its options are read; the result is the exit code.
using Action = std::function<int()>;

/// Declares a command's options and returns its action, which owns what they are stored in.
using Setup = Action (*)(Options options);

namespace commands {

Action list(Options options);
Action start(Options options);
Action test(Options options);
Action watch(Options options);
Action study(Options options);
Action next(Options options);
Action hint(Options options);
Action diff(Options options);
Action reset(Options options);
Action debug(Options options);
Action docs(Options options);
Action completion(Options options);
Action doctor(Options options);
Action figures(Options options);
Action scaffold(Options options);
Action verify(Options options);
Action mistake(Options options);
Action bench(Options options);
Action gpu(Options options);
Action selftest(Options options);
Action solution(Options options);
Action hunt(Options options);
Action submit(Options options);
Action update(Options options);
Action release(Options options);
Action bundle(Options options);
Action grade(Options options);

}  // namespace commands

enum class For { all, instructors };

struct Command {
  const char* name;
  const char* summary;
  Setup setup;
  For whom = For::all;  ///< an instructors' command says so in a student edition
};

inline constexpr std::array kCommands{
    Command{"list", "the board: lessons, verdicts, points, what is next", commands::list},
    Command{"start", "set up this machine and judge the first lesson", commands::start},
    Command{"test", "build and judge a lesson", commands::test},
    Command{"watch", "judge a lesson whenever you save it, on one screen", commands::watch},
    Command{"study", "read a lesson in the browser, beside the state of your file", commands::study},
    Command{"next", "what to do next", commands::next},
    Command{"hint", "the next hint for a TODO", commands::hint},
    Command{"diff", "what you changed in a lesson", commands::diff},
    Command{"reset", "give a lesson its first form back; your work is kept aside", commands::reset},
    Command{"solution", "the model solution beside yours, when you have passed", commands::solution},
    Command{"hunt", "repair code with a bug, when you have passed a lesson", commands::hunt},
    Command{"submit", "pack what you wrote, to hand it in", commands::submit},
    Command{"update", "bring corrected tests and texts into an edition", commands::update},
    Command{"debug", "step through your code in gdb", commands::debug},
    Command{"docs", "build the documentation", commands::docs},
    Command{"completion", "a script that completes commands and lessons in your shell", commands::completion},
    Command{"doctor", "what is installed, what is missing, what for", commands::doctor},
    Command{"figures", "draw the lessons' figures again", commands::figures, For::instructors},
    Command{"new", "scaffold a lesson", commands::scaffold, For::instructors},
    Command{"mistake", "write a deliberate mistake, or carry all over a changed solution", commands::mistake,
            For::instructors},
    Command{"verify", "prove that a lesson's tests catch its mistakes", commands::verify, For::instructors},
    Command{"bench", "time attention layers, or your own loop", commands::bench},
    Command{"gpu", "find out on a GPU what only a GPU can tell", commands::gpu},
    Command{"release", "make the student edition", commands::release, For::instructors},
    Command{"bundle", "pack what grades in a platform's container", commands::bundle, For::instructors},
    Command{"grade", "grade a class", commands::grade, For::instructors},
    Command{"selftest", "everything the workbook tests of itself", commands::selftest, For::instructors},
};

/// What most commands start from.
struct Book {
  Workspace workspace;
  Catalog catalog;
};

/// Finds the workspace, reads the lessons, and keeps copies of stubs seen for the first time.
Book open_book();

/// Sees to it that a group of system packages is installed (setup.sh says which). @throws Error if it stays missing.
void require_packages(const Workspace& workspace, const std::vector<std::string>& groups, bool yes = false);

/// Builds the pages of the documentation, with what is installed for them. @returns the folder with their index.html
fs::path build_pages(const Workspace& workspace);

/// The lesson that is `wanted`; if that is empty, the one whose folder this is, else the next that is not finished.
/// @throws UsageError if there is none, naming `command` as the one to give a lesson to
const Lesson& chosen_lesson(const Book& book, const std::string& wanted, const std::string& command);

/// The command line without the common start: "./workbook hint 04".
std::string call(const std::string& arguments);

}  // namespace workbook::cli
