#pragma once
/// Reads the arguments of a program before the program is built.

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace workbook {

/// What `app` says of the arguments. @returns its help if they ask for it
/// @throws std::invalid_argument for arguments that `app` refuses
inline std::optional<std::string> help_asked_for(CLI::App& app, std::vector<std::string> arguments) {
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::Success&) {
    return app.help();
  } catch (const CLI::ParseError& error) {
    throw std::invalid_argument(error.what());
  }
  return std::nullopt;
}

}  // namespace workbook
