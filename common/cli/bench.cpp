#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "common/cli/build.h"
#include "common/cli/command.h"
#include "common/cli/errors.h"
#include "common/cli/files.h"
#include "common/cli/grading.h"
#include "common/cli/judge.h"
#include "common/cli/process.h"
#include "common/cli/terminal.h"
#include "common/cli/text.h"

namespace workbook::cli {

namespace {

using nlohmann::json;

struct BenchOptions {
  std::string what, impl = "solution";
  bool as_json = false, as_csv = false;
  std::vector<std::string> lessons;
  int students = 100, jobs = 1;
  int num_runs = 5, threads = 1, batch = 4, seq = 1024, d_model = 512, heads = 16, kv_heads = 4;
};

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

/// Seconds that ninja spent on the last edge that made a file whose name ends so, by its log: "start end time file".
double last_edge_seconds(const Workspace& workspace, const std::string& ending) {
  double seconds = 0;
  for (const std::string& line : split_lines(read_file(workspace.build / ".ninja_log").value_or(""))) {
    int start = 0, end = 0, consumed = 0;
    if (std::sscanf(line.c_str(), "%d\t%d\t%*d\t%n", &start, &end, &consumed) != 2 || consumed == 0) continue;
    const std::string file = line.substr(static_cast<std::size_t>(consumed));
    if (file.substr(0, file.find('\t')).ends_with(ending)) seconds = 1e-3 * (end - start);
  }
  return seconds;
}

Loop follow_one_save(const Book& book, const Lesson& lesson, const Implementation& impl, const std::string& name) {
  ::utimensat(AT_FDCWD, impl.source.c_str(), nullptr, 0);  // a save that changes nothing but the time
  const auto start = std::chrono::steady_clock::now();
  const Ended ended = run({.argv = {book.workspace.root / "workbook", "test", lesson.id, "--impl", name},
                           .folder = book.workspace.root,
                           .capture = true});
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  if (ended.signal != 0 || ended.exit_code == kExitFault)
    throw Error("the lesson could not be judged:\n" + ended.output);
  const std::string plugin = impl.plugin.lexically_relative(book.workspace.build);
  return {elapsed.count(),
          last_edge_seconds(book.workspace, impl.target + ".dir/" +
                                                impl.source.lexically_relative(book.workspace.root).string() + ".o"),
          last_edge_seconds(book.workspace, plugin)};
}

/// The lesson's loop with the median total.
Loop measure_loop(const Book& book, const Lesson& lesson, int rounds) {
  const bool solved = fs::exists(book.workspace.root / "solutions" / lesson.id / lesson.files.front());
  const std::string name = solved ? "solution" : "mine";
  const Implementation impl = implementation(book.workspace, lesson, name);
  {
    const FileLock lock = lock_build(book.workspace);
    build_implementation(book.workspace, lesson, impl, true);
  }
  std::vector<Loop> loops;
  for (int round = 0; round < rounds; ++round) loops.push_back(follow_one_save(book, lesson, impl, name));
  std::sort(loops.begin(), loops.end(), [](const Loop& a, const Loop& b) { return a.total < b.total; });
  return loops[loops.size() / 2];
}

/// From a save to the printed verdict, lesson by lesson.
int bench_loop(const BenchOptions& options) {
  const Book book = open_book();
  json document{{"median_s", 0}, {"lessons", json::array()}};
  std::vector<double> totals;
  for (const Lesson& lesson : book.catalog.lessons) {
    const Loop loop = measure_loop(book, lesson, options.num_runs);
    totals.push_back(loop.total);
    document["lessons"].push_back({{"id", lesson.id},
                                   {"total_s", loop.total},
                                   {"compile_s", loop.compile},
                                   {"link_s", loop.link},
                                   {"run_s", loop.run()}});
    if (!options.as_json)
      fmt::print("{} {:.2f} s: compile {:.2f}, link {:.2f}, run and the rest {:.2f}\n", padded(lesson.id, 22),
                 loop.total, loop.compile, loop.link, loop.run());
  }
  if (totals.empty()) throw UsageError("expected a lesson to measure, found none");
  document["median_s"] = median(totals);
  if (options.as_json)
    fmt::print("{}\n", document.dump(1));
  else
    fmt::print("median over lessons, each the median of {} saves: {:.2f} s\n", options.num_runs, median(totals));
  return 0;
}

int bench_layers(const BenchOptions& options) {
  const Book book = open_book();
  if (options.impl != "solution" && options.impl != "mine")
    throw UsageError(fmt::format("expected --impl solution or mine, found {}", options.impl));
  const std::string target = "layers." + options.impl + ".bench";
  {
    const FileLock lock = lock_build(book.workspace);
    const Build built = build(book.workspace, {"workbook_bench", "worker", target}, "Building the benchmark");
    if (!built.ok && options.impl == "mine" && built.failed_in(target))
      throw Error("the lessons 02, 04 and 08 must compile to be measured; see: " + call("test 02"),
                  exit_code(Verdict::does_not_compile));
    if (!built.ok) fail_build(book.workspace, built.output);
  }
  const fs::path plugin = book.workspace.lesson_build("layers") / (options.impl + ".bench.so");
  Argv bench{(book.workspace.build / "bin/bench").string(), "--plugin", plugin.string(), "--worker",
             (book.workspace.build / "bin/worker").string()};
  const std::pair<const char*, int> numbers[] = {{"--num-runs", options.num_runs}, {"--threads", options.threads},
                                                 {"--batch", options.batch},       {"--seq", options.seq},
                                                 {"--d-model", options.d_model},   {"--heads", options.heads},
                                                 {"--kv-heads", options.kv_heads}};
  for (const auto& [name, value] : numbers) bench.insert(bench.end(), {name, std::to_string(value)});
  if (options.as_json) bench.emplace_back("--json");
  if (options.as_csv) bench.emplace_back("--csv");
  become(bench);  // Ctrl-C is now the benchmark's: it prints what it has
}

/// The grading program measures itself.
int bench_grading(const BenchOptions& options) {
  Argv bench = build_grading(find_workspace());
  bench.insert(bench.end(),
               {"bench", "--students", std::to_string(options.students), "--jobs", std::to_string(options.jobs)});
  for (const std::string& lesson : options.lessons) bench.insert(bench.end(), {"--lesson", lesson});
  if (options.as_json) bench.emplace_back("--json");
  become(bench);
}

int measure(const BenchOptions& options) {
  if (options.what.empty()) return bench_layers(options);
  if (options.what == "grade") return bench_grading(options);
  if (options.what == "loop") return bench_loop(options);
  throw UsageError(fmt::format("expected bench, bench loop or bench grade, found bench {}", options.what));
}

}  // namespace

Action commands::bench(Options options) {
  auto bench = std::make_shared<BenchOptions>();
  options.text("what", bench->what,
               "loop: from a save to its verdict; grade: a made-up class; without: attention layers");
  options.flag("--json", bench->as_json, "print one JSON document");
  options.flag("--csv", bench->as_csv, "print comma-separated values");
  options.text("--impl", bench->impl, "whose lessons 02, 04 and 08: solution or mine");
  options.number("--num-runs", bench->num_runs, "timed runs of each");
  options.number("--students", bench->students, "grade: in the class");
  options.number("--jobs", bench->jobs, "grade: submissions at the same time");
  options.texts("--lesson", bench->lessons, "grade: only this lesson; may be repeated");
  options.number("--threads", bench->threads, "threads of a layer; the lessons so far use one");
  options.number("--batch", bench->batch, "sequences");
  options.number("--seq", bench->seq, "tokens in a sequence");
  options.number("--d-model", bench->d_model, "width of the layer");
  options.number("--heads", bench->heads, "query heads");
  options.number("--kv-heads", bench->kv_heads, "KV heads of the grouped-query layer");
  return [bench] { return measure(*bench); };
}

}  // namespace workbook::cli
