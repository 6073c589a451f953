#pragma once
/// The hostile corpus: each file opens with the verdict it must get, and may go on with the words by which it would not
/// even be linked: "// The fence says: uses ptrace". Its verdict is then what it gets behind that fence.

#include <map>
#include <string>
#include <vector>

#include "common/grading/judging/lesson_build.h"
#include "common/grading/judging/run_checker.h"

namespace workbook::grading {

struct Attack {
  std::string name;
  fs::path file;
  std::string must_get;     ///< a verdict's name, or several: "wrong or crashed"
  std::string fence_says;   ///< "" if the fence lets it pass
  bool beside_another_job;  ///< an honest job runs next to it and must not notice

  bool may_get(const std::string& verdict) const {
    return (" or " + must_get + " or ").find(" or " + verdict + " or ") != std::string::npos;
  }
  bool compiles() const { return must_get != "does_not_compile"; }
};

/// @throws system::Error for a file that does not say what it must get
std::vector<Attack> read_corpus(const fs::path& folder);

/// What became of an attack.
struct Outcome {
  std::string verdict;  ///< "fault: ..." if there was none
  int points = 0;
  std::vector<std::string> complaints;  ///< what must not have happened, and did
};

/// Reads a checker's report, and complains of one that is no JSON, too long, or not whole.
Outcome read_report(const fs::path& report);

/// Sizes and times of all files below a folder: what must be the same afterwards.
std::map<std::string, std::string> files_below(const fs::path& folder);

}  // namespace workbook::grading
