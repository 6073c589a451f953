#pragma once
/// How the build makes an implementation, as CMake wrote it down: build/lessons/NN_name/<impl>.json for linking,
/// build/compile_commands.json for compiling.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace workbook::workspace {

/// One flavour. Words of commands may be paths from the build folder.
struct PluginCommands {
  std::filesystem::path plugin, object;
  std::vector<std::string> compile, link;
};

struct BuildCommands {
  std::filesystem::path source;
  std::filesystem::path compiled;       ///< `source`; of a .cu file its translation
  std::vector<PluginCommands> plugins;  ///< the flavours that tests load, the usual one first
};

/// `impl`: student, solution. Configure first. @throws Error if CMake has not written them
BuildCommands read_build_commands(const std::filesystem::path& build, const std::string& id, const std::string& impl);

/// A shell's words, with its quotes and backslashes resolved; no other expansions.
std::vector<std::string> shell_words(std::string_view line);

}  // namespace workbook::workspace
