#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "common/cli/command.h"
#include "common/edition/edition.h"
#include "common/report/verdict.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/system/text.h"

namespace workbook::cli {

static_assert(Error::kFault == kExitFault && UsageError::kUsage == kExitUsage);

void Options::flag(const char* name, bool& value, const char* help) { app_->add_flag(name, value, help); }

void Options::text(const char* name, std::string& value, const char* help) { app_->add_option(name, value, help); }

void Options::number(const char* name, int& value, const char* help) { app_->add_option(name, value, help); }

void Options::texts(const char* name, std::vector<std::string>& values, const char* help) {
  // Without the extra arguments CLI11 takes "[x]" for a list and leaves the brackets out.
  app_->add_option(name, values, help)->expected(1)->allow_extra_args(false)->take_all();
}

void Options::rest(std::vector<std::string>& values) {
  app_->prefix_command();
  app_->set_help_flag();
  CLI::App* app = app_;
  app->callback([app, &values] { values = app->remaining(); });
}

void Options::required(const char* name, std::string& value, const char* help) {
  app_->add_option(name, value, help)->required();
}

namespace {

/// In a student edition, what is left out there. @throws UsageError if it is asked for.
bool is_left_out(const Command& command, bool edition, const char* asked) {
  if (!edition || command.whom != For::instructors) return false;
  if (asked != nullptr && std::strcmp(command.name, asked) == 0)
    throw UsageError(fmt::format("`{}` needs the instructor's workbook; this is a student edition", command.name));
  return true;
}

/// Without a workbook around us there is none to say that it is an edition.
bool in_edition() try { return is_edition(find_workspace()); } catch (const Error&) {
  return false;
}

void refuse_unknown_command(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> names;
  for (const Command& command : kCommands) {
    if (std::strcmp(command.name, argv[1]) == 0) return;
    names.emplace_back(command.name);
  }
  const std::string near = nearest(argv[1], names);
  throw UsageError(fmt::format("expected a command, found \"{}\"; {}", argv[1],
                               near.empty() ? fmt::format("`{}` shows them all", call("--help"))
                                            : fmt::format("did you mean `{}`?", call(near))));
}

/// Reads the command line and runs what it asks for.
int dispatch(int argc, char** argv) {
  refuse_unknown_command(argc, argv);
  CLI::App app{"The Attention Workbook: learn how attention is made efficient by writing it.", self()};
  app.require_subcommand(0, 1);
  std::map<const CLI::App*, Action> actions;
  const bool edition = in_edition();
  for (const Command& command : kCommands) {
    if (is_left_out(command, edition, argc > 1 ? argv[1] : nullptr)) continue;
    CLI::App* added = app.add_subcommand(command.name, command.summary);
    actions[added] = command.setup(Options(*added));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    throw UsageError(
        fmt::format("{}; see `{}`", error.what(), call(argc > 1 ? fmt::format("{} --help", argv[1]) : "--help")));
  }
  const auto chosen = app.get_subcommands();
  return actions.at(chosen.empty() ? app.get_subcommand("list") : chosen.front())();
}

int guarded(int argc, char** argv) {
  try {
    return dispatch(argc, argv);
  } catch (const Interrupted&) {
    fmt::print(stderr, "\nInterrupted.\n");
    return kExitInterrupted;
  } catch (const Error& error) {
    std::fflush(stdout);
    fmt::print(stderr, "workbook: {}\n", trimmed(error.what()));
    return error.exit_code;
  } catch (const fs::filesystem_error& error) {
    std::fflush(stdout);
    fmt::print(stderr, "workbook: cannot use {}: {}\n", shown(error.path1()), error.code().message());
    return kExitFault;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    fmt::print(stderr, "workbook: {}\n", error.what());
    return kExitFault;
  }
}

}  // namespace

}  // namespace workbook::cli

int main(int argc, char** argv) {
  workbook::cli::catch_interrupts();
  const int code = workbook::cli::guarded(argc, argv);
  if (std::fflush(stdout) == 0) return code;
  fmt::print(stderr, "workbook: cannot write the output: {}\n", std::strerror(errno));
  return workbook::kExitFault;
}
