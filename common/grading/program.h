#pragma once
/// The commands of the grading program. To add one: write its file, and give it a line in each of the two lists below.

#include <array>
#include <functional>

namespace CLI {
class App;
}

namespace workbook::grading {

/// Runs the command after its options are read; the result is the exit code.
using Action = std::function<int()>;

namespace commands {

Action release(CLI::App& app);
Action bundle(CLI::App& app);
Action grade(CLI::App& app);
Action bench(CLI::App& app);

}  // namespace commands

struct Command {
  const char* name;
  const char* summary;
  Action (*setup)(CLI::App& app);  ///< declares the options; the action owns what they are stored in
};

inline constexpr std::array kCommands{
    Command{"release", "make the student edition", commands::release},
    Command{"bundle", "pack what grades in a platform's container", commands::bundle},
    Command{"grade", "grade a class: compile and judge what was handed in, write results", commands::grade},
    Command{"bench", "measure grading on a made-up class", commands::bench},
};

}  // namespace workbook::grading
