#include <algorithm>
#include <memory>
#include <set>

#include <fmt/core.h>

#include "common/cli/bench_loop.h"
#include "common/cli/command.h"
#include "common/cli/documents.h"
#include "common/cli/grading.h"
#include "common/options/bench.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/process.h"
#include "common/system/text.h"
#include "common/workspace/build.h"

namespace workbook::cli {

namespace {

using Arguments = std::vector<std::string>;

bool has(const Arguments& arguments, std::string_view word) {
  return std::ranges::any_of(arguments,
                             [&](const std::string& a) { return a == word || a.starts_with(std::string(word) + "="); });
}

/// A lesson that does not compile keeps none of the others from being measured; what it left from before is removed.
/// @returns such lessons
std::set<std::string> drop_failed_plugins(const Build& built, const Workspace& workspace) {
  std::set<std::string> lessons;
  for (const std::string& file : built.failed) {  // .../bench.08_fused_vs_flash.mine.bench.dir/...
    const auto end = file.find(".mine.bench");
    if (end == file.npos) continue;
    const std::string target = file.substr(file.rfind('/', end) + 1, end - file.rfind('/', end) - 1);
    const std::string interface = target.substr(0, target.find('.')), lesson = target.substr(target.find('.') + 1);
    fs::remove(workspace.lesson_build(interface) / (lesson + ".mine.bench.so"));
    lessons.insert(lesson);
  }
  std::string names;
  for (const std::string& lesson : lessons) names += " " + lesson;
  fmt::print(stderr, "Not measured, because it does not compile:{}; see `{}`\n", names, call("test"));
  return lessons;
}

/// Whose implementations: --impl, else the solutions where there are any.
std::string implementation(const Arguments& arguments, const Workspace& workspace) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].starts_with("--impl=")) return arguments[i].substr(7);
    if (arguments[i] == "--impl" && i + 1 < arguments.size()) return arguments[i + 1];
  }
  return fs::exists(workspace.root / "solutions") ? "solution" : "mine";
}

/// "8" -> "08_fused_vs_flash", if the benchmark's first argument is the number of a lesson. Else empty.
/// @throws UsageError naming the lessons that join the benchmark, if that one does not
std::string lesson_of(const Arguments& arguments, const Workspace& workspace) {
  const std::string number = arguments.empty() ? "" : arguments.front();
  if (number.empty() || number.find_first_not_of("0123456789") != number.npos) return "";
  std::set<std::string> joining;
  for (const auto& entry : fs::directory_iterator(workspace.root / "testcases"))
    if (fs::exists(entry.path() / "bench.cpp")) joining.insert(entry.path().filename().string());
  std::string numbers;
  for (const std::string& lesson : joining) {
    if (lesson.starts_with((number.size() == 1 ? "0" : "") + number + "_")) return lesson;
    numbers += (numbers.empty() ? "" : ", ") + lesson.substr(0, 2);
  }
  throw UsageError(
      fmt::format("expected the number of a lesson that joins the benchmark: {}; found {}", numbers, number));
}

/// The targets of the plugins: all of an implementation, or of one lesson and lesson 08, whose flash stands beside it.
Argv plugin_targets(const std::string& lesson, const std::string& impl) {
  if (lesson.empty()) return {"-k0", "bench_plugins." + impl};
  return {"-k0", "bench_plugins." + lesson + "." + impl, "bench_plugins.08_fused_vs_flash." + impl};
}

/// Shows the help if it is asked for, and refuses what the benchmark's program would. @returns whether it was help
bool is_answered(const Arguments& arguments) try {
  const auto help = bench::help_asked_for(self(), arguments);
  if (help) fmt::print("{}", *help);
  return help.has_value();
} catch (const std::invalid_argument& error) {
  throw UsageError(fmt::format("{}; see `{}`", error.what(), call("bench --help")));
}

/// Where `bench mine` leaves its results, and `bench report --mine` finds them.
fs::path results_of_mine(const Workspace& workspace) { return workspace.root / ".workbook/bench"; }

/// What the program is told of `bench mine` beside what was typed: the board, and where the results go.
Argv mine_options(const Book& book) {
  const fs::path folder = results_of_mine(book.workspace);
  fs::create_directories(folder);
  write_atomically(folder / "board.json", board_document(book, Progress(book.workspace)));
  return {"--board", (folder / "board.json").string(), "--save", folder.string()};
}

/// The files that `report --mine` shows. @throws UsageError if there are none
Argv files_of_mine(const Workspace& workspace) {
  Argv files;
  for (const char* device : {"cpu", "cuda"})
    if (const fs::path file = results_of_mine(workspace) / fmt::format("mine.{}.json", device); fs::exists(file))
      files.push_back(file.string());
  if (files.empty()) throw UsageError(fmt::format("nothing was measured yet; run `{}` first", call("bench mine")));
  return files;
}

int measure(Arguments arguments) {
  const std::string what = arguments.empty() ? "" : arguments.front();
  if (what == "loop") return bench_loop({arguments.begin() + 1, arguments.end()});
  if (what == "grade") {
    arguments.front() = "bench";
    return run_grading(arguments);
  }
  if (is_answered(arguments)) return 0;
  const Book book = open_book();
  const Workspace& workspace = book.workspace;
  const bool measures = !has(arguments, "report") && !has(arguments, "compare");
  const std::string lesson = lesson_of(arguments, workspace);
  const std::string impl = implementation(arguments, workspace);
  const bool mine = what == bench::kMine;
  Arguments impls{impl};
  if ((mine || !lesson.empty()) && !has(arguments, "--impl") && impl == "solution") impls = {"mine", "solution"};
  const fs::path plugins = workspace.lesson_build("bench");
  std::set<std::string> broken;
  {
    const FileLock lock = lock_build(workspace);
    build_or_fail(workspace, {"workbook_bench"}, "Building the benchmark");
    if (measures) fs::create_directories(plugins);
    for (const std::string& one : impls) {
      if (!measures || (one != "solution" && one != "mine")) continue;
      // -k0: one lesson that does not compile keeps no other from being built.
      const Build built = build(workspace, plugin_targets(lesson, one), "Building the lessons");
      if (!built.ok && one == "solution") fail_build(workspace, built.output);
      if (!built.ok) broken = drop_failed_plugins(built, workspace);
    }
  }
  Argv bench{(workspace.build / "bin/bench").string()};
  if (measures) {
    bench.insert(bench.end(), {"--plugins", plugins.string(), "--worker", (workspace.build / "bin/worker").string()});
    if (mine) std::ranges::copy(mine_options(book), std::back_inserter(bench));
    for (const std::string& one : broken)
      if (mine) bench.push_back("--broken=" + one);
    if (!has(arguments, "--impl") && impls.size() == 1) bench.insert(bench.end(), {"--impl", impl});
  }
  bench.insert(bench.end(), arguments.begin(), arguments.end());
  if (what == "report" && has(arguments, "--mine"))
    std::ranges::copy(files_of_mine(workspace), std::back_inserter(bench));
  become(bench);  // Ctrl-C is now the benchmark's: it prints what it has
}

}  // namespace

Action commands::bench(Options options) {
  auto arguments = std::make_shared<Arguments>();
  options.rest(*arguments);
  return [arguments] { return measure(*arguments); };
}

}  // namespace workbook::cli
