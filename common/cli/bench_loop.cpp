#include "common/cli/bench_loop.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/cli/hunts.h"
#include "common/cli/judge.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/system/process.h"
#include "common/system/text.h"
#include "common/workspace/build.h"

namespace workbook::cli {

namespace {

using nlohmann::json;

/// One save of a file, followed to the printed verdict.
struct Loop {
  double total = 0, compile = 0, link = 0;
  double run() const { return total - compile - link; }
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 != 0 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// Seconds that ninja spent on the last edge that made a file with this in its name, ending so, by its log: "start end
/// time file".
double last_edge_seconds(const Workspace& workspace, const std::string& part, const std::string& ending) {
  double seconds = 0;
  for (const std::string& line : split_lines(read_file(workspace.build / ".ninja_log").value_or(""))) {
    int start = 0, end = 0, consumed = 0;
    if (std::sscanf(line.c_str(), "%d\t%d\t%*d\t%n", &start, &end, &consumed) != 2 || consumed == 0) continue;
    std::string file = line.substr(static_cast<std::size_t>(consumed));
    file.resize(std::min(file.find('\t'), file.size()));
    if (file.find(part) != std::string::npos && file.ends_with(ending)) seconds = 1e-3 * (end - start);
  }
  return seconds;
}

/// Saves `file` without changing it, and judges. @returns seconds to the verdict, and to the first line that says that
/// a test failed (0 if none does)
std::pair<double, double> judge_after_save(const Book& book, const fs::path& file, Argv arguments) {
  ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  double first_failure = 0;
  arguments.insert(arguments.begin(), {(book.workspace.root / "workbook").string(), "test"});
  const Ended ended =
      run({.argv = arguments, .folder = book.workspace.root, .capture = true, .on_line = [&](std::string_view line) {
             if (first_failure == 0 && line.find("✗") != line.npos) first_failure = elapsed();
           }});
  if (ended.signal != 0 || ended.exit_code == kExitFault)
    throw Error("the lesson could not be judged:\n" + ended.output);
  return {elapsed(), first_failure};
}

Loop follow_one_save(const Book& book, const Lesson& lesson, const Implementation& impl, const std::string& name) {
  const double total = judge_after_save(book, impl.source(), {lesson.id, "--impl", name}).first;
  const std::string plugin = impl.plugin.lexically_relative(book.workspace.build);
  return {total, last_edge_seconds(book.workspace, "/" + impl.target + ".dir/", ".o"),
          last_edge_seconds(book.workspace, plugin, ".so")};
}

/// Builds what a save does not change.
void prepare(const Book& book, const Lesson& lesson, const Implementation& impl) {
  const FileLock lock = lock_build(book.workspace);
  build_implementation(book.workspace, lesson, impl);
}

/// The lesson's loop with the median total.
Loop measure_loop(const Book& book, const Lesson& lesson, int rounds) {
  const bool solved = fs::exists(book.workspace.root / "solutions" / lesson.id / lesson.files.front());
  const std::string name = solved ? "solution" : "mine";
  const Implementation impl = implementation(book.workspace, lesson, name);
  prepare(book, lesson, impl);
  std::vector<Loop> loops;
  for (int round = 0; round < rounds; ++round) loops.push_back(follow_one_save(book, lesson, impl, name));
  std::sort(loops.begin(), loops.end(), [](const Loop& a, const Loop& b) { return a.total < b.total; });
  return loops[loops.size() / 2];
}

/// From the save of a wrong file to the first failure, the test that failed last time being known: median seconds, or
/// nothing in an edition, which has no mistakes.
std::optional<double> measure_first_failure(const Book& book, const Lesson& lesson, int rounds) {
  const std::vector<LessonMistake> mistakes = huntable(book.workspace, lesson);
  if (mistakes.empty()) return std::nullopt;
  const LessonMistake& mistake = mistakes.front();
  const std::string name = "mistakes/" + mistake.name;
  prepare(book, lesson, implementation(book.workspace, lesson, name));
  std::vector<double> seconds;
  for (int round = 0; round < rounds; ++round)
    seconds.push_back(judge_after_save(book, mistake_file(book.workspace, lesson, mistake.name),
                                       {lesson.id, "--impl", name, "--first", mistake.says.test})
                          .second);
  return median(seconds);
}

/// Those of `wanted`, each a lesson or several; all if there is none.
std::vector<const Lesson*> lessons_of(const Book& book, const std::vector<std::string>& wanted) {
  std::vector<const Lesson*> lessons;
  for (const std::string& some : wanted.empty() ? std::vector<std::string>{"all"} : wanted) {
    std::vector<const Lesson*> meant = book.catalog.several(some);
    if (meant.empty()) meant.push_back(&book.catalog.find(some));
    lessons.insert(lessons.end(), meant.begin(), meant.end());
  }
  return lessons;
}

/// From a save to the printed verdict, lesson by lesson.
int measure_loops(const std::vector<std::string>& wanted, int num_runs, bool as_json) {
  const Book book = open_book();
  json document{{"median_s", 0}, {"lessons", json::array()}};
  std::vector<double> totals;
  for (const Lesson* const measured : lessons_of(book, wanted)) {
    const Lesson& lesson = *measured;
    const Loop loop = measure_loop(book, lesson, num_runs);
    const std::optional<double> first_failure = measure_first_failure(book, lesson, num_runs);
    totals.push_back(loop.total);
    document["lessons"].push_back({{"id", lesson.id},
                                   {"total_s", loop.total},
                                   {"compile_s", loop.compile},
                                   {"link_s", loop.link},
                                   {"run_s", loop.run()},
                                   {"first_failure_s", first_failure ? json(*first_failure) : json()}});
    if (as_json) continue;
    fmt::print("{} {:.2f} s: compile {:.2f}, link {:.2f}, run and the rest {:.2f}{}\n", padded(lesson.id, 22),
               loop.total, loop.compile, loop.link, loop.run(),
               first_failure ? fmt::format("; a failure shows after {:.2f}", *first_failure) : "");
    std::fflush(stdout);
  }
  if (totals.empty()) throw UsageError("expected a lesson to measure, found none");
  document["median_s"] = median(totals);
  if (as_json)
    fmt::print("{}\n", document.dump(1));
  else
    fmt::print("median over lessons, each the median of {} saves: {:.2f} s\n", num_runs, median(totals));
  return 0;
}

int runs_in(const std::string& text) {
  int runs = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), runs);
  if (error != std::errc() || end != text.data() + text.size() || runs < 1)
    throw UsageError("expected --num-runs of 1 or more, found " + text);
  return runs;
}

}  // namespace

int bench_loop(const std::vector<std::string>& arguments) {
  int num_runs = 5;
  bool as_json = false;
  std::vector<std::string> lessons;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "-h" || arguments[i] == "--help") {
      fmt::print(
          "How long a lesson takes from a save to the printed verdict, and to the first failure.\n"
          "Usage: {} [LESSON]... [--num-runs N] [--json]\n",
          call("bench loop"));
      return 0;
    }
    if (arguments[i] == "--json")
      as_json = true;
    else if (arguments[i] == "--num-runs" && i + 1 < arguments.size())
      num_runs = runs_in(arguments[++i]);
    else if (!arguments[i].starts_with('-'))
      lessons.push_back(arguments[i]);
    else
      throw UsageError(fmt::format("expected bench loop [LESSON]... [--num-runs N] [--json], found {}", arguments[i]));
  }
  return measure_loops(lessons, num_runs, as_json);
}

}  // namespace workbook::cli
