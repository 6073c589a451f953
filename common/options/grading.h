#pragma once
/// What can be asked of the grading program. The command line reads the same options, to show their help and to refuse
/// what is wrong before it builds that program.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace workbook::grading {

struct ReleaseOptions {
  std::string out, lessons, solutions;
  bool zip = false, no_trial = false, quiet = false;
  std::vector<std::string> accepted;
};

struct BundleOptions {
  std::string out = "autograder.zip", lessons;
};

struct ClassOptions {
  std::filesystem::path submissions;  ///< a folder or an archive
  std::filesystem::path out;
  std::filesystem::path policy;      ///< none if empty
  std::vector<std::string> lessons;  ///< as the user names them; if empty, the policy says which, or what was handed in
  int jobs = 1;
  bool allow_weak_sandbox = false;
  bool byte_order_mark = false;  ///< at the front of tables
};

struct GradeOptions {
  ClassOptions run;
  bool example_policy = false;
  std::string sample_class;
  int students = 12;
};

struct BenchOptions {
  int students = 100, jobs = 1, seed = 1;
  std::vector<std::string> lessons;
  bool allow_weak = false, as_json = false;
};

/// What was asked for: the options of all commands, and the one that was chosen.
struct Asked {
  ReleaseOptions release;
  BundleOptions bundle;
  GradeOptions grade;
  BenchOptions bench;
};

/// Declares the commands, of which one is required, and their options. `asked` must live as long as `app`.
void declare(CLI::App& app, Asked& asked);

/// The help of a command, if the arguments ask for it; they begin with the command.
/// @throws std::invalid_argument for arguments that the program refuses
std::optional<std::string> help_asked_for(const std::string& self, const std::vector<std::string>& arguments);

}  // namespace workbook::grading
