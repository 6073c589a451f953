#include "common/grading/judging/commands.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/system/errors.h"

namespace workbook::grading {
namespace {

using Words = std::vector<std::string>;

void drop_dependency_file(Words& words) {
  std::erase(words, "-MD");
  for (const char* option : {"-MT", "-MF"})
    if (const auto found = std::ranges::find(words, option); found != words.end() && found + 1 != words.end())
      words.erase(found, found + 2);
}

std::string made(const std::string& name) { return std::string(kWork) + "/" + name; }

/// @throws system::Error unless `word` is there: else something of the workbook's own would be compiled or made
void replace(Words& words, const std::string& word, const std::string& other) {
  if (std::ranges::find(words, word) == words.end())
    throw system::Error(fmt::format("expected {} in the build's command, found none: {}", word, fmt::join(words, " ")));
  std::ranges::replace(words, word, other);
}

/// Puts `ours` behind the other objects, in place of `object`. @returns the others
Words put_last(Words& link, const std::string& object, const std::string& ours) {
  replace(link, object, ours);
  std::erase(link, ours);
  Words others;
  std::size_t last = link.size();
  for (std::size_t i = 0; i < link.size(); ++i)
    if (link[i].ends_with(".o")) others.push_back(link[last = i]);
  link.insert(last == link.size() ? link.end() : link.begin() + static_cast<std::ptrdiff_t>(last) + 1, ours);
  return others;
}

std::string output_in(const Words& words) {
  const auto output = std::ranges::find(words, "-o");
  return output == words.end() || output + 1 == words.end() ? "-o" : *(output + 1);
}

}  // namespace

std::vector<CompileStep> steps_of(const workspace::BuildCommands& commands, const StepPrograms& programs) {
  std::vector<CompileStep> steps;
  std::string source = std::string(kSource) + "/" + commands.source.filename().string();
  if (commands.compiled != commands.source) {
    const std::string translated = made(commands.compiled.filename());
    steps.push_back({{programs.translator, source, "-o", translated}});
    source = translated;
  }
  for (std::size_t i = 0; i < commands.plugins.size(); ++i) {
    auto [plugin, object, compile, link] = commands.plugins[i];
    const std::string our_object = made(std::to_string(i) + ".o");  // flavours' objects have the same name
    drop_dependency_file(compile);
    replace(compile, commands.compiled, source);
    replace(compile, output_in(compile), our_object);
    replace(link, plugin, made(plugin.filename()));
    Words inspect{programs.inspector, our_object, commands.source.stem()};
    if (std::ranges::find(compile, "-fsanitize=thread") != compile.end()) inspect.push_back("--marked");
    if (commands.compiled != commands.source) inspect.push_back("--cuda");
    for (const std::string& file : put_last(link, object, our_object)) inspect.push_back(file);
    steps.push_back({std::move(compile)});
    steps.push_back({std::move(inspect), true});
    steps.push_back({std::move(link)});
  }
  return steps;
}

}  // namespace workbook::grading
