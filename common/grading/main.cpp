/// The grading program: what instructors' commands become, apart from the command line that students have.

#include <cstdio>
#include <map>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "common/cli/errors.h"
#include "common/cli/process.h"
#include "common/cli/text.h"
#include "common/cli/workspace.h"
#include "common/grading/program.h"

namespace {

using namespace workbook;

int dispatch(int argc, char** argv) {
  CLI::App app{"Releases, grades and measures: the instructor's commands.", cli::self()};
  app.require_subcommand(1);
  std::map<const CLI::App*, grading::Action> actions;
  for (const grading::Command& command : grading::kCommands) {
    CLI::App* added = app.add_subcommand(command.name, command.summary);
    actions[added] = command.setup(*added);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    throw cli::UsageError(fmt::format("{}; see `{} {} --help`", error.what(), cli::self(), argc > 1 ? argv[1] : ""));
  }
  return actions.at(app.get_subcommands().front())();
}

}  // namespace

int main(int argc, char** argv) {
  cli::catch_interrupts();
  try {
    const int code = dispatch(argc, argv);
    if (std::fflush(stdout) == 0) return code;
    fmt::print(stderr, "workbook: cannot write the output\n");
  } catch (const cli::Interrupted&) {
    fmt::print(stderr, "\nInterrupted.\n");
    return kExitInterrupted;
  } catch (const cli::Error& error) {
    std::fflush(stdout);
    fmt::print(stderr, "workbook: {}\n", cli::trimmed(error.what()));
    return error.exit_code;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    fmt::print(stderr, "workbook: {}\n", error.what());
  }
  return kExitFault;
}
