#include "common/grading/judging/commands.h"

#include <algorithm>
#include <map>

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

void replace(Words& words, const std::string& word, const std::string& other) {
  std::ranges::replace(words, word, other);
}

}  // namespace

std::vector<CompileStep> steps_of(const workspace::BuildCommands& commands, const fs::path& translator) {
  std::vector<CompileStep> steps;
  std::string source = std::string(kSource) + "/" + commands.source.filename().string();
  if (commands.compiled != commands.source) {
    const std::string translated = made(commands.compiled.filename());
    steps.push_back({{translator, source, "-o", translated}});
    source = translated;
  }
  for (std::size_t i = 0; i < commands.plugins.size(); ++i) {
    auto [plugin, object, compile, link] = commands.plugins[i];
    const std::string our_object = made(std::to_string(i) + ".o");  // flavours' objects have the same name
    drop_dependency_file(compile);
    replace(compile, commands.compiled, source);
    *(std::ranges::find(compile, "-o") + 1) = our_object;
    replace(link, object, our_object);
    replace(link, plugin, made(plugin.filename()));
    steps.push_back({std::move(compile)});
    steps.push_back({std::move(link)});
  }
  return steps;
}

}  // namespace workbook::grading
