/// The grading program: what instructors' commands become, apart from the command line that students have.

#include <cstdio>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "common/grading/program.h"
#include "common/report/verdict.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/system/text.h"
#include "common/workspace/workspace.h"

namespace {

using namespace workbook;

int run(const std::string& command, const grading::Asked& asked) {
  if (command == "release") return grading::commands::release(asked.release);
  if (command == "bundle") return grading::commands::bundle(asked.bundle);
  if (command == "grade") return grading::commands::grade(asked.grade);
  return grading::commands::bench(asked.bench);
}

int dispatch(int argc, char** argv) {
  CLI::App app{"Releases, grades and measures: the instructor's commands.", workspace::self()};
  grading::Asked asked;
  grading::declare(app, asked);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    throw system::UsageError(
        fmt::format("{}; see `{} {} --help`", error.what(), workspace::self(), argc > 1 ? argv[1] : ""));
  }
  return run(app.get_subcommands().front()->get_name(), asked);
}

}  // namespace

int main(int argc, char** argv) {
  system::catch_interrupts();
  try {
    const int code = dispatch(argc, argv);
    if (std::fflush(stdout) == 0) return code;
    fmt::print(stderr, "workbook: cannot write the output\n");
  } catch (const system::Interrupted&) {
    fmt::print(stderr, "\nInterrupted.\n");
    return kExitInterrupted;
  } catch (const system::Error& error) {
    std::fflush(stdout);
    fmt::print(stderr, "workbook: {}\n", system::trimmed(error.what()));
    return error.exit_code;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    fmt::print(stderr, "workbook: {}\n", error.what());
  }
  return kExitFault;
}
