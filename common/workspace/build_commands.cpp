#include "common/workspace/build_commands.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/workspace/system.h"

namespace workbook::workspace {

namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

/// The compile commands by what they make.
std::map<fs::path, Words> read_compile_commands(const fs::path& build) {
  std::map<fs::path, Words> commands;
  for (const json& entry : json::parse(read_file(build / "compile_commands.json").value_or("[]"))) {
    Words words = shell_words(entry.at("command").get<std::string>());
    const auto output = std::ranges::find(words, "-o");
    if (output == words.end() || output + 1 == words.end()) continue;
    const fs::path made = build / output[1];
    commands[made.lexically_normal()] = std::move(words);
  }
  return commands;
}

BuildCommands parse(const json& document, const std::map<fs::path, Words>& compile_commands) {
  BuildCommands commands{.source = document.at("source").get<std::string>(),
                         .compiled = document.at("compiled").get<std::string>(),
                         .plugins = {}};
  for (const json& entry : document.at("plugins")) {
    PluginCommands plugin{.plugin = entry.at("plugin").get<std::string>(),
                          .object = entry.at("object").get<std::string>(),
                          .compile = {},
                          .link = entry.at("link").get<Words>()};
    plugin.compile = compile_commands.at(plugin.object.lexically_normal());
    commands.plugins.push_back(std::move(plugin));
  }
  return commands;
}

}  // namespace

BuildCommands read_build_commands(const fs::path& build, const std::string& id, const std::string& impl) {
  const fs::path file = build / "lessons" / id / (impl + ".json");
  try {
    return parse(json::parse(read_file(file).value_or("")), read_compile_commands(build));
  } catch (const std::exception& error) {
    throw Error(fmt::format("expected {} and compile_commands.json to tell how {} of {} is built: {}", file.string(),
                            impl, id, error.what()));
  }
}

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

}  // namespace workbook::workspace
