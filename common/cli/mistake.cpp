#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/cli/mistake_desk.h"
#include "common/cli/rebase.h"
#include "common/cli/verdict_colour.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/system/terminal.h"
#include "common/system/text.h"
#include "common/workspace/build.h"

namespace workbook::cli {

namespace {

void check_name(const std::string& name) {
  if (!is_snake_case(name))
    throw UsageError(
        fmt::format("expected a name in snake_case that says what the mistake does, like "
                    "forgets_the_scale; found \"{}\"",
                    name));
}

/// The copy that is edited, made if there is none yet.
fs::path begun_copy(const Desk& desk, const std::string& name, const std::string& file) {
  fs::path scratch = desk.scratch(name, file);
  if (fs::exists(scratch)) {
    fmt::print("You continue with your copy {}.\n", shown(scratch));
    return scratch;
  }
  mistake::Mistake says;
  mistake::Sources sources = desk.solution;
  const auto text = read_file(desk.diff(name));
  if (text) try {
      says = mistake::parse(*text);
      sources = mistake::apply(says.diff, desk.solution);
    } catch (const mistake::Malformed& error) {
      desk.refuse_diff(name, error);
    }
  write_atomically(scratch, mistake::to_source(says, sources.at(file)));
  fmt::print("{} is the {}.\n", shown(scratch),
             text ? "solution with the mistake in it" : "solution, for a new mistake");
  return scratch;
}

int edit(const Desk& desk, const std::string& name, const std::string& wanted) {
  const fs::path scratch = begun_copy(desk, name, desk.file_of(name, wanted));
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

void refuse_equal(const Desk& desk, const std::string& name, const mistake::Sources& sources) {
  for (const LessonMistake& other : read_mistakes(desk.workspace, desk.lesson))
    if (other.name != name && other.sources == sources)
      throw Error(fmt::format("expected a new mistake, found the one in {}", shown(desk.diff(other.name))));
}

int save(const Desk& desk, const std::string& name) {
  const std::string changed = desk.file_of(name);
  const fs::path scratch = desk.scratch(name, changed);
  const auto text = read_file(scratch);
  if (!text)
    throw UsageError(fmt::format("expected {}, found none; begin with: {}", shown(scratch),
                                 call(fmt::format("mistake edit {} {}", desk.lesson.number, name))));
  mistake::Edited edited = mistake::from_source(*text);
  if (edited.says.idea.empty())
    throw Error(fmt::format("{}:1: expected \"// Mistake: ...\", a sentence on what it does", shown(scratch)));
  if (("\n" + edited.source).find("\n<<<<<<< ") != std::string::npos)
    throw Error(fmt::format("{}: expected a merged source, found <<<<<<<", shown(scratch)));
  edited.says.diff = desk.minimal_diff(changed, edited.source);
  if (const int lines = mistake::changed_lines(edited.says.diff); lines > kMostChangedLines)
    throw Error(
        fmt::format("expected at most {} changed lines, found {}: one mistake is one idea", kMostChangedLines, lines));
  refuse_equal(desk, name, desk.with(changed, edited.source));

  Replaced file(desk.diff(name), mistake::text_of(edited.says));
  const Judged judged =
      judge(desk.workspace, desk.lesson, implementation(desk.workspace, desk.lesson, "mistakes/" + name),
            {.hidden = true, .quiet = true, .tests = {}});
  if (!judged.problem.empty()) {
    fmt::print("{}{} is as it was.\n", judged.problem, shown(desk.diff(name)));
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

  write_atomically(desk.diff(name), mistake::text_of(edited.says));
  file.keep();
  fmt::print("\n{}\n{}", shown(desk.diff(name)), mistake::text_of(edited.says));
  for (const std::string& problem : problems) fmt::print("{} {}\n", paint(Ink::red, "✗"), problem);
  if (!problems.empty()) {
    write_atomically(scratch, mistake::to_source(edited.says, edited.source));
    return exit_code(Verdict::wrong);
  }
  std::error_code ignored;
  fs::remove(scratch, ignored);
  fs::remove(scratch.parent_path(), ignored);
  fmt::print("{} caught as its header says\n", paint(Ink::green, "✓"));
  return 0;
}

/// What `mistake` makes of `file` in the present solution. `known`: versions of files, asked of git when one is needed.
Carried carried(const Desk& desk, const LessonMistake& mistake, const std::string& file,
                std::map<std::string, std::vector<std::string>>& known) {
  if (!mistake.sources.empty()) return {.source = mistake.sources.at(file), .problem = {}};
  const auto [versions, is_new] = known.try_emplace(file);
  if (is_new) versions->second = versions_of(desk.workspace, solution_folder(desk.workspace, desk.lesson) / file);
  return carry(desk.workspace, desk.solution.at(file), versions->second, mistake.says.diff);
}

int rebase(const Desk& desk) {
  std::size_t unmerged = 0, rewritten = 0;
  std::map<std::string, std::vector<std::string>> versions;
  const std::vector<LessonMistake> mistakes = read_mistakes(desk.workspace, desk.lesson);
  for (const LessonMistake& mistake : mistakes) {
    mistake::Mistake says = mistake.says;
    std::string file;
    Carried made{.source = {}, .problem = {}};
    if (!is_snake_case(mistake.name)) {
      made.problem = "expected a name in snake_case";
    } else
      try {
        file = mistake::changed_file(says.diff, desk.solution);
        made = carried(desk, mistake, file, versions);
      } catch (const mistake::Malformed& error) {
        made.problem = error.what();
      }
    const bool differs = !made.source.empty() && made.source != desk.solution.at(file);
    if (made.problem.empty() && !differs) made.problem = "makes no difference to the solution any more";
    if (made.problem.empty()) {
      says.diff = desk.minimal_diff(file, made.source);
      if (says.diff == mistake.says.diff) continue;
      write_atomically(desk.diff(mistake.name), mistake::text_of(says));
      ++rewritten;
      continue;
    }
    ++unmerged;
    fmt::print("{} {}: {}\n", paint(Ink::red, "✗"), shown(desk.diff(mistake.name)), made.problem);
    if (!differs) continue;
    write_atomically(desk.scratch(mistake.name, file), mistake::to_source(says, made.source));
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

int run_mistake(const std::string& action, const std::string& wanted, const std::string& name,
                const std::string& file) {
  if (action != "edit" && action != "save" && action != "rebase")
    throw UsageError(fmt::format("expected edit, save or rebase, found \"{}\"", action));
  if ((action == "rebase") != name.empty())
    throw UsageError(action == "rebase"
                         ? "rebase carries all mistakes of a lesson: expected no name, found \"" + name + '"'
                         : "expected the name of a mistake, found none");
  if (action != "rebase") check_name(name);
  if (action != "edit" && !file.empty())
    throw UsageError(fmt::format("expected --file only with edit, found it with {}", action));
  const Book book = open_book();
  const Desk desk(book, book.catalog.find(wanted));
  if (action == "edit") return edit(desk, name, file);
  return action == "save" ? save(desk, name) : rebase(desk);
}

}  // namespace

Action commands::mistake(Options options) {
  auto action = std::make_shared<std::string>(), lesson = std::make_shared<std::string>(),
       name = std::make_shared<std::string>(), file = std::make_shared<std::string>();
  options.required("action", *action,
                   "edit: open the solution with the mistake in it; save: write the difference and try the tests; "
                   "rebase: carry all mistakes over a changed solution");
  options.required("lesson", *lesson, "number, name or part of it");
  options.text("name", *name, "of the mistake, in snake_case; not with rebase");
  options.text("--file", *file, "edit: the file that a new mistake changes (default: the lesson's first)");
  return [=] { return run_mistake(*action, *lesson, *name, *file); };
}

}  // namespace workbook::cli
