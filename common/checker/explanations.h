#pragma once
/// Why tests fail, in one text for each of them.

#include <map>
#include <string>
#include <vector>

#include "common/checker/session.h"

namespace workbook {

/// All that was noted, a line below the other.
std::string joined(const std::vector<Note>& notes);

/// What a person reads, of all failed tests of a run, one after the other.
class Explanations {
 public:
  /// The first note of each verdict, for one wrong idea often fails a dozen shapes alike. If all notes give the same
  /// cause as an earlier test, that one is named instead.
  std::string of(const std::string& test, const std::vector<Note>& notes);

 private:
  std::map<std::string, std::string> first_;  // causes, and the first test that gave each
};

}  // namespace workbook
