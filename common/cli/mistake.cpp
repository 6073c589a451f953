#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/cli/mistakes.h"
#include "common/cli/rebase.h"
#include "common/cli/verdict_colour.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/system/temporary_folder.h"
#include "common/system/terminal.h"
#include "common/system/text.h"
#include "common/workspace/build.h"

namespace workbook::cli {

namespace {

/// What all three actions work on.
struct Desk {
  const Workspace& workspace;
  const Lesson& lesson;
  std::string solution;

  Desk(const Book& book, const Lesson& found) : workspace(book.workspace), lesson(found) {
    const auto content = read_file(solution_file(workspace, lesson));
    if (!content)
      throw Error(fmt::format("expected {}, found none: a mistake is a change of the solution",
                              shown(solution_file(workspace, lesson))));
    solution = *content;
  }
  fs::path file(const std::string& name) const { return mistake_file(workspace, lesson, name); }
  /// The wrong solution as a whole, for an editor.
  fs::path scratch(const std::string& name) const {
    return workspace.state / "mistakes" / lesson.id / (name + solution_file(workspace, lesson).extension().string());
  }
};

void check_name(const std::string& name) {
  if (!is_snake_case(name))
    throw UsageError(
        fmt::format("expected a name in snake_case that says what the mistake does, like "
                    "forgets_the_scale; found \"{}\"",
                    name));
}

/// The smallest unified diff, with as much context as makes each hunk fit one place. @throws Error if nothing differs
std::string minimal_diff(const Desk& desk, const std::string& source) {
  const TemporaryFolder folder(desk.workspace.state / fmt::format("mistake.{}.tmp", ::getpid()));
  write_atomically(folder.path() / "solution", desk.solution);
  write_atomically(folder.path() / "wrong", source);
  const std::string file = desk.lesson.files.front();
  for (int context = 1;; ++context) {
    const Ended diff = run({.argv = {"diff", "--minimal", "-p", fmt::format("-U{}", context), "--label", "a/" + file,
                                     "--label", "b/" + file, "solution", "wrong"},
                            .folder = folder.path(),
                            .capture = true});
    if (diff.exit_code == 0) throw Error("expected a change of the solution, found none");
    if (diff.exit_code != 1) throw Error("diff failed: " + diff.output);
    try {
      if (mistake::apply(diff.output, desk.solution) == source) return diff.output;
      throw Error("expected a text file that ends with a newline and has no \\r");
    } catch (const mistake::Malformed& error) {
      constexpr int kMostContext = 20;
      if (context == kMostContext) throw Error(error.what());
    }
  }
}

int edit(const Desk& desk, const std::string& name) {
  const fs::path scratch = desk.scratch(name);
  if (fs::exists(scratch)) {
    fmt::print("You continue with your copy {}.\n", shown(scratch));
  } else {
    const mistake::Mistake says = mistake::parse(read_file(desk.file(name)).value_or(""));
    std::string source = desk.solution;
    if (fs::exists(desk.file(name))) try {
        source = mistake::apply(says.diff, desk.solution);
      } catch (const mistake::Malformed& error) {
        throw Error(fmt::format("{}: {}\nIf the solution has changed: {}", shown(desk.file(name)), error.what(),
                                call("mistake rebase " + desk.lesson.number)));
      }
    write_atomically(scratch, mistake::to_source(says, source));
    fmt::print("{} is the {}.\n", shown(scratch),
               fs::exists(desk.file(name)) ? "solution with the mistake in it" : "solution, for a new mistake");
  }
  fmt::print("Change it, say in its first line what the mistake is, then: {}\n",
             call(fmt::format("mistake save {} {}", desk.lesson.number, name)));
  const char* editor = std::getenv("VISUAL") != nullptr ? std::getenv("VISUAL") : std::getenv("EDITOR");
  if (editor != nullptr && is_terminal(stdin) && is_terminal(stdout))
    become({"sh", "-c", fmt::format("{} {}", editor, shell_quoted(scratch.string()))});
  return 0;
}

/// Words of a failure that name this mistake and hardly another: those of the suspicion.
std::string telling_words(const report::Result& test) {
  for (const std::string_view mark : {"Likely: ", "Perhaps: "}) {
    const auto at = test.message.find(mark);
    if (at == std::string::npos) continue;
    const std::string sentence = test.message.substr(at + mark.size());
    return sentence.substr(0, std::min({sentence.find('\n'), sentence.find(". "), sentence.find(": ")}));
  }
  return {};
}

bool fails(const report::Result& test) {
  return test.verdict != Verdict::passed && test.verdict != Verdict::not_started;
}

/// Fills in a header without "Caught by" from the first test that fails; one that students see, if there is one.
void propose(mistake::Mistake& says, const report::Report& report) {
  const auto public_one = std::ranges::find_if(
      report.tests, [](const report::Result& test) { return fails(test) && test.group != "hidden"; });
  const auto any = public_one != report.tests.end() ? public_one : std::ranges::find_if(report.tests, fails);
  if (any == report.tests.end()) return;
  says.test = any->name;
  says.group = any->group;
  says.told_as = telling_words(*any);
}

void print_failures(const report::Report& report) {
  for (const report::Result& test : report.tests) {
    if (!fails(test)) continue;
    fmt::print("  {} \"{}\"  [{}]\n", painted(test.verdict), test.name, test.group);
    if (const std::string told = telling_words(test); !told.empty()) fmt::print("{}\n", wrapped(told, 100, 6));
  }
  fmt::print("{} of {} tests pass.\n", report.passed, report.total);
}

/// Keeps the file as it was unless it is kept(): a mistake that does not compile must not stay behind.
class Replaced {
 public:
  Replaced(fs::path file, const std::string& content) : file_(std::move(file)), before_(read_file(file_)) {
    write_atomically(file_, content);
  }
  ~Replaced() {
    if (kept_) return;
    try {
      std::error_code ignored;
      if (before_)
        write_atomically(file_, *before_);
      else
        fs::remove(file_, ignored);
    } catch (const std::exception& error) {
      fmt::print(stderr, "{} is not as it was: {}\n", shown(file_), error.what());
    }
  }
  Replaced(const Replaced&) = delete;
  Replaced& operator=(const Replaced&) = delete;
  void keep() { kept_ = true; }

 private:
  fs::path file_;
  std::optional<std::string> before_;
  bool kept_ = false;
};

void refuse_equal(const Desk& desk, const std::string& name, const std::string& source) {
  for (const LessonMistake& other : read_mistakes(desk.workspace, desk.lesson))
    if (other.name != name && other.source == source)
      throw Error(fmt::format("expected a new mistake, found the one in {}", shown(desk.file(other.name))));
}

int save(const Desk& desk, const std::string& name) {
  const fs::path scratch = desk.scratch(name);
  const auto text = read_file(scratch);
  if (!text)
    throw UsageError(fmt::format("expected {}, found none; begin with: {}", shown(scratch),
                                 call(fmt::format("mistake edit {} {}", desk.lesson.number, name))));
  mistake::Edited edited = mistake::from_source(*text);
  if (edited.says.idea.empty())
    throw Error(fmt::format("{}:1: expected \"// Mistake: ...\", a sentence on what it does", shown(scratch)));
  if (("\n" + edited.source).find("\n<<<<<<< ") != std::string::npos)
    throw Error(fmt::format("{}: expected a merged source, found <<<<<<<", shown(scratch)));
  edited.says.diff = minimal_diff(desk, edited.source);
  if (const int lines = mistake::changed_lines(edited.says.diff); lines > kMostChangedLines)
    throw Error(
        fmt::format("expected at most {} changed lines, found {}: one mistake is one idea", kMostChangedLines, lines));
  refuse_equal(desk, name, edited.source);

  Replaced file(desk.file(name), mistake::text_of(edited.says));
  const Judged judged =
      judge(desk.workspace, desk.lesson, implementation(desk.workspace, desk.lesson, "mistakes/" + name),
            {.hidden = true, .quiet = true, .tests = {}});
  if (!judged.problem.empty()) {
    fmt::print("{}{} is as it was.\n", judged.problem, shown(desk.file(name)));
    return exit_code(Verdict::does_not_compile);
  }
  print_failures(judged.report);
  Problems problems;
  if (edited.says.test.empty()) propose(edited.says, judged.report);
  if (edited.says.test.empty())
    problems.emplace_back("no test catches it: write one that does, or drop the mistake");
  else
    problems = untrue_in(edited.says, judged.report);
  if (!passes_public_test(judged.report)) problems.emplace_back("passes no public test, which says too little");

  write_atomically(desk.file(name), mistake::text_of(edited.says));
  file.keep();
  fmt::print("\n{}\n{}", shown(desk.file(name)), mistake::text_of(edited.says));
  for (const std::string& problem : problems) fmt::print("{} {}\n", paint(Ink::red, "✗"), problem);
  if (!problems.empty()) {
    write_atomically(scratch, mistake::to_source(edited.says, edited.source));
    return exit_code(Verdict::wrong);
  }
  std::error_code ignored;
  fs::remove(scratch, ignored);
  fmt::print("{} caught as its header says\n", paint(Ink::green, "✓"));
  return 0;
}

int rebase(const Desk& desk) {
  std::size_t unmerged = 0, rewritten = 0;
  std::optional<std::vector<std::string>> versions;  // asked of git if one is needed
  const std::vector<LessonMistake> mistakes = read_mistakes(desk.workspace, desk.lesson);
  for (const LessonMistake& mistake : mistakes) {
    const fs::path file = desk.file(mistake.name);
    mistake::Mistake says = mistake.says;
    Carried carried{.source = mistake.source, .problem = {}};
    if (!is_snake_case(mistake.name)) {
      carried.problem = "expected a name in snake_case";
    } else if (mistake.source.empty()) {
      if (!versions) versions = versions_of(desk.workspace, solution_file(desk.workspace, desk.lesson));
      carried = carry(desk.workspace, desk.solution, *versions, says.diff);
    }
    std::string problem = carried.problem;
    if (problem.empty() && carried.source == desk.solution) problem = "makes no difference to the solution any more";
    if (problem.empty()) {
      says.diff = minimal_diff(desk, carried.source);
      if (says.diff == mistake.says.diff) continue;
      write_atomically(file, mistake::text_of(says));
      ++rewritten;
      continue;
    }
    ++unmerged;
    fmt::print("{} {}: {}\n", paint(Ink::red, "✗"), shown(file), problem);
    if (carried.source.empty() || carried.source == desk.solution) continue;
    write_atomically(desk.scratch(mistake.name), mistake::to_source(says, carried.source));
    fmt::print("    {}\n", call(fmt::format("mistake edit {} {}", desk.lesson.number, mistake.name)));
  }
  const auto number = [](std::size_t n, const char* one, const char* more) {
    return fmt::format("{} {}", n, n == 1 ? one : more);
  };
  fmt::print("{}, {}, {}.\n",
             number(mistakes.size() - rewritten - unmerged, "mistake fits as it is", "mistakes fit as they are"),
             number(rewritten, "was rewritten", "were rewritten"), number(unmerged, "needs a hand", "need a hand"));
  return unmerged == 0 ? 0 : exit_code(Verdict::wrong);
}

int run_mistake(const std::string& action, const std::string& wanted, const std::string& name) {
  if (action != "edit" && action != "save" && action != "rebase")
    throw UsageError(fmt::format("expected edit, save or rebase, found \"{}\"", action));
  if ((action == "rebase") != name.empty())
    throw UsageError(action == "rebase"
                         ? "rebase carries all mistakes of a lesson: expected no name, found \"" + name + '"'
                         : "expected the name of a mistake, found none");
  if (action != "rebase") check_name(name);
  const Book book = open_book();
  const Desk desk(book, book.catalog.find(wanted));
  if (action == "edit") return edit(desk, name);
  return action == "save" ? save(desk, name) : rebase(desk);
}

}  // namespace

Action commands::mistake(Options options) {
  auto action = std::make_shared<std::string>(), lesson = std::make_shared<std::string>(),
       name = std::make_shared<std::string>();
  options.required("action", *action,
                   "edit: open the solution with the mistake in it; save: write the difference and try the tests; "
                   "rebase: carry all mistakes over a changed solution");
  options.required("lesson", *lesson, "number, name or part of it");
  options.text("name", *name, "of the mistake, in snake_case; not with rebase");
  return [=] { return run_mistake(*action, *lesson, *name); };
}

}  // namespace workbook::cli
