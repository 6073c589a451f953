#include <memory>
#include <utility>

#include <fmt/core.h>
#include <fmt/format.h>

#include "common/cli/command.h"
#include "common/cli/judge.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/system/terminal.h"
#include "common/workspace/build.h"

namespace workbook::cli {

namespace {

/// What common/cuda/include/workbook_sim/builtins.h makes of these words.
constexpr std::pair<const char*, const char*> kPlaces[] = {
    {"threadIdx", "thread"}, {"blockIdx", "block"}, {"blockDim", "block_extent"}, {"gridDim", "grid_extent"}};

Argv gdb_command(const Workspace& workspace, const Lesson& lesson, const Implementation& impl,
                 const std::string& test) {
  Argv gdb{"gdb", "-q", "-ex", "set breakpoint pending on", "-ex", "set confirm off"};
  if (lesson.track == "cuda") {  // blocks one after the other, and CUDA's words for where a thread is
    gdb.insert(gdb.end(), {"-ex", "set environment WORKBOOK_SIM_CORES 1"});
    for (const auto& [word, function] : kPlaces)
      gdb.insert(gdb.end(), {"-ex", fmt::format("macro define {} ((uint3 (*)())workbook_cuda_{})()", word, function)});
  }
  for (const Exercise& exercise : lesson.exercises)
    gdb.insert(gdb.end(), {"-ex", fmt::format("break workbook::{}::{}", lesson.name, exercise.function)});
  gdb.insert(gdb.end(), {"-ex", "run", "--args", (workspace.lesson_build(lesson.id) / "checker").string(),
                         "--in-process", "--plugin", impl.plugin.string()});
  if (!test.empty()) gdb.insert(gdb.end(), {"--test", test});
  return gdb;
}

int debug_lesson(const std::string& wanted, const std::string& test) {
  const Book book = open_book();
  const Lesson& lesson = book.catalog.find(wanted);
  const Implementation impl = implementation(book.workspace, lesson, "mine").flavour("debug");
  const Argv gdb = gdb_command(book.workspace, lesson, impl, test);
  if (!is_terminal(stdin) || !is_terminal(stdout)) {
    std::vector<std::string> words;
    for (const std::string& argument : gdb) words.push_back(shell_quoted(argument));
    fmt::print("gdb needs a terminal. In one, run:\n{}\n", fmt::join(words, " "));
    return 0;
  }
  require_packages(book.workspace, {"debug"});
  {
    const FileLock lock = lock_build(book.workspace);
    const std::string problem = build_implementation(book.workspace, lesson, impl).problem;
    if (!problem.empty()) throw Error(problem, exit_code(Verdict::does_not_compile));
  }
  fmt::print("gdb stops where a test calls your code: n steps, p x shows x, c goes on, q leaves.\n");
  become(gdb);
}

}  // namespace

Action commands::debug(Options options) {
  auto lesson = std::make_shared<std::string>();
  auto test = std::make_shared<std::string>();
  options.required("lesson", *lesson, "number, name or part of it");
  options.text("--test", *test, "only the test of that name");
  return [lesson, test] { return debug_lesson(*lesson, *test); };
}

}  // namespace workbook::cli
