#pragma once
/// What a shell completes after ./workbook, and the scripts that tell it so. They ask for the lessons when they need
/// them, with `./workbook completion lessons`.

#include <string>
#include <vector>

namespace workbook::cli {

/// What may stand somewhere: words, "@lessons" for numbers and names of lessons, "@numbers" for numbers alone, "@files"
/// for any file. Empty if nobody can know.
using Candidates = std::vector<std::string>;

struct CompletedOption {
  std::vector<std::string> names;  ///< "-o", "--output"
  std::string help;
  bool takes_value = false, repeatable = false;
  Candidates values;
};

struct CompletedPlace {
  std::string name;
  Candidates candidates;
  bool repeatable = false;  ///< always the last one
};

struct CompletedCommand {
  std::string name, summary;
  std::vector<CompletedOption> options;
  std::vector<CompletedPlace> places;  ///< what stands after the command, option by option left out
};

std::string bash_completion(const std::vector<CompletedCommand>& commands, const std::string& self);
std::string zsh_completion(const std::vector<CompletedCommand>& commands, const std::string& self);
std::string fish_completion(const std::vector<CompletedCommand>& commands, const std::string& self);

}  // namespace workbook::cli
