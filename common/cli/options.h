#pragma once
/// The options of one command. Keeps the option parser's headers, which take seconds to compile, out of the commands.

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace workbook::cli {

/// What is stored in must live as long as the command's action; values stored before are the defaults.
class Options {
 public:
  explicit Options(CLI::App& app) : app_(&app) {}

  void flag(const char* name, bool& value, const char* help);
  void text(const char* name, std::string& value, const char* help);
  void number(const char* name, int& value, const char* help);
  void texts(const char* name, std::vector<std::string>& values, const char* help);  ///< may be given repeatedly

  /// A positional argument that may not be left out.
  void required(const char* name, std::string& value, const char* help);

  /// Everything that follows, as it stands: another program reads it.
  void rest(std::vector<std::string>& values);

  /// What they are declared for.
  const CLI::App& app() const { return *app_; }

 private:
  CLI::App* app_;
};

}  // namespace workbook::cli
