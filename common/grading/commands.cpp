#include "common/grading/commands.h"

#include <algorithm>
#include <map>

#include "common/cli/text.h"

namespace workbook::grading {
namespace {

using Words = std::vector<std::string>;

/// The commands of a line "cd FOLDER && A && B && :".
std::vector<Words> commands_of(const std::string& line) {
  std::vector<Words> commands(1);
  for (std::string& word : shell_words(line)) {
    if (word == "&&")
      commands.emplace_back();
    else
      commands.back().push_back(std::move(word));
  }
  std::erase_if(commands, [](const Words& words) { return words.empty() || words[0] == ":" || words[0] == "cd"; });
  return commands;
}

void drop_dependency_file(Words& words) {
  std::erase(words, "-MD");
  for (const char* option : {"-MT", "-MF"})
    if (const auto found = std::ranges::find(words, option); found != words.end() && found + 1 != words.end())
      words.erase(found, found + 2);
}

/// Plugins keep their names, which tell their flavours; what leads to them is numbered, for names repeat.
std::string place_of(const std::string& made, std::size_t number) {
  const fs::path file = made;
  const std::string prefix = file.extension() == ".so" ? "" : std::to_string(number) + "_";
  return std::string(kWork) + "/" + prefix + file.filename().string();
}

}  // namespace

std::vector<std::string> shell_words(std::string_view line) {
  Words words;
  std::string word;
  bool inside = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool escapes = c == '\\' && quote != '\'' && i + 1 < line.size();
    if (escapes) {
      word += line[++i];
    } else if (quote != 0 ? c == quote : c == '\'' || c == '"') {
      quote = quote != 0 ? 0 : c;
    } else if (quote != 0 || c != ' ') {
      word += c;
    } else {
      if (inside) words.push_back(std::exchange(word, {}));
      inside = false;
      continue;
    }
    inside = true;
  }
  if (inside) words.push_back(word);
  return words;
}

std::vector<CompileStep> steps_from(std::string_view ninja_commands, const std::string& source) {
  std::map<std::string, std::string> places{
      {source, std::string(kSource) + "/" + fs::path(source).filename().string()}};
  std::vector<CompileStep> steps;
  for (const auto& line : cli::split_lines(std::string(ninja_commands)))
    for (Words& words : commands_of(std::string(line))) {
      if (std::ranges::none_of(words, [&](const std::string& word) { return places.contains(word); })) continue;
      drop_dependency_file(words);
      const auto output = std::ranges::find(words, "-o");
      if (output != words.end() && output + 1 != words.end())
        places.try_emplace(output[1], place_of(output[1], steps.size()));
      for (std::string& word : words)
        if (const auto place = places.find(word); place != places.end()) word = place->second;
      steps.push_back({std::move(words)});
    }
  return steps;
}

}  // namespace workbook::grading
