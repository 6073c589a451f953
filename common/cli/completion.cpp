#include "common/cli/completion.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "common/cli/command.h"
#include "common/edition/edition.h"
#include "common/options/bench.h"
#include "common/options/grading.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/system/text.h"

namespace workbook::cli {

namespace {

struct Shell {
  const char* name;
  std::string (*script)(const std::vector<CompletedCommand>& commands, const std::string& self);
};
constexpr Shell kShells[] = {{"bash", bash_completion}, {"zsh", zsh_completion}, {"fish", fish_completion}};

/// The words in "pack: build everything; run: measure; keep: copy".
Candidates choices_in(const std::string& help) {
  Candidates words;
  for (std::size_t at = 0; at < help.size(); at = help.find("; ", at), at += at == help.npos ? 0 : 2)
    words.push_back(help.substr(at, help.find(':', at) - at));
  return words;
}

bool mentions(const std::string& help, const std::vector<const char*>& words) {
  return std::ranges::any_of(words, [&](const char* word) { return help.find(word) != help.npos; });
}

/// Names and help texts say what an option takes: that is all that its command tells.
Candidates candidates_of(const std::string& name, const std::string& help, bool solutions) {
  if (name == "shell") {
    Candidates shells;
    for (const Shell& shell : kShells) shells.emplace_back(shell.name);
    return shells;
  }
  if (name == "action") return choices_in(help);
  if (name == "--impl") return solutions ? Candidates{"mine", "solution"} : Candidates{"mine"};
  if (name == "--lesson") return {"@lessons"};
  if (mentions(help, {"01-08", "A lesson's number"})) return {"@numbers"};
  if (help.starts_with("number, name"))
    return mentions(help, {"or all"}) ? Candidates{"@lessons", "all"} : Candidates{"@lessons"};
  if (mentions(help, {"file", "folder", "zip", "Results", "Before"})) return {"@files"};
  return {};
}

bool is_repeatable(const CLI::Option& option) {
  return option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll || option.get_items_expected_max() > 1;
}

CompletedOption described(const CLI::Option& option, bool solutions) {
  CompletedOption found{.help = option.get_description(), .takes_value = option.get_items_expected_max() > 0};
  for (const std::string& name : option.get_snames()) found.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) found.names.push_back("--" + name);
  found.repeatable = found.takes_value && is_repeatable(option);
  if (found.takes_value) found.values = candidates_of(found.names.back(), found.help, solutions);
  return found;
}

/// @param app declares the command's options
CompletedCommand described(const std::string& name, const std::string& summary, const CLI::App& app, bool solutions) {
  CompletedCommand command{.name = name, .summary = summary};
  for (const CLI::Option* option : app.get_options()) {
    if (!option->nonpositional()) {
      command.places.push_back({option->get_name(),
                                candidates_of(option->get_name(), option->get_description(), solutions),
                                option->get_items_expected_max() > 1});
    } else if (!option->get_group().empty()) {  // a hidden one has none
      command.options.push_back(described(*option, solutions));
    }
  }
  CompletedPlace after{.name = "files", .repeatable = true};
  for (const CLI::App* sub : app.get_subcommands({})) {
    if (command.places.empty()) command.places.push_back({.name = "command"});
    command.places.front().candidates.push_back(sub->get_name());
    for (const CompletedPlace& place : described("", "", *sub, solutions).places)
      if (after.candidates.empty()) after.candidates = place.candidates;
  }
  if (!after.candidates.empty()) command.places.push_back(after);
  return command;
}

/// All commands of `root`. `solutions`: an implementation may be one. Some are another program's, which declares their
/// options.
std::vector<CompletedCommand> commands_of(const CLI::App& root, bool solutions) {
  CLI::App of_bench, of_grading;
  bench::RunCommand run;
  bench::declare(of_bench, run);
  grading::Asked asked;
  grading::declare(of_grading, asked);
  std::vector<CompletedCommand> commands;
  for (const CLI::App* app : root.get_subcommands({})) {
    const std::string name = app->get_name(), summary = app->get_description();
    if (!app->get_prefix_command())
      commands.push_back(described(name, summary, *app, solutions));
    else
      commands.push_back(
          described(name, summary, name == "bench" ? of_bench : *of_grading.get_subcommand(name), solutions));
  }
  return commands;
}

/// A line for each lesson: number, name and title, between tabs. Nothing is written and nothing is told but this.
int print_lessons() {
  for (const Lesson& lesson : read_catalog(find_workspace()).lessons)
    fmt::print("{}\t{}\t{}\n", lesson.number, lesson.name, lesson.title);
  return 0;
}

int complete(std::string wanted, const CLI::App& root) {
  if (wanted == "lessons") return print_lessons();
  std::string found = fmt::format("\"{}\"", wanted);
  if (wanted.empty()) {
    const char* shell = std::getenv("SHELL");
    found = shell == nullptr || *shell == '\0' ? "no $SHELL that would say which" : fmt::format("$SHELL {}", shell);
    wanted = fs::path(shell == nullptr ? "" : shell).filename();
  }
  const auto shell = std::ranges::find_if(kShells, [&](const Shell& known) { return known.name == wanted; });
  if (shell == std::end(kShells))
    throw UsageError(
        fmt::format("expected completion for bash, zsh or fish, as in `{}`; found {}", call("completion bash"), found));
  const Workspace workspace = find_workspace();
  const bool solutions = !is_edition(workspace) || fs::exists(workspace.root / "solutions");
  fmt::print("{}", shell->script(commands_of(root, solutions), self()));
  return 0;
}

}  // namespace

Action commands::completion(Options options) {
  auto shell = std::make_shared<std::string>();
  options.text("shell", *shell,
               "bash, zsh or fish (default: the one that $SHELL names); lessons: what these scripts ask for");
  const CLI::App* root = options.app().get_parent();
  return [=] { return complete(*shell, *root); };
}

}  // namespace workbook::cli
