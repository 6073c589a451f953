#pragma once
/// Which grades a new run changed, and why.

#include <optional>
#include <string>
#include <vector>

#include "common/grading/gradebook.h"
#include "common/grading/store.h"

namespace workbook::grading {

/// A student's lesson whose tests now say something else than when results were last written.
struct Change {
  std::string student, lesson;
  int before = 0, after = 0;    ///< points of the tests
  bool new_submission = false;  ///< else the tests, the compiler or the limits changed
  std::string tests;            ///< "keeps the copies together: wrong -> passed; ..."
};

/// By student and lesson id: the key that the result is kept under and what was handed in (a hash of it).
struct Origin {
  std::string key, source;
};
using Origins = std::map<std::pair<std::string, std::string>, Origin>;

/// Compares with the results that were written before, and remembers these. What was compared with stays until a result
/// changes again, so that running once more, or again after being killed, lists the same changes.
class ChangeLog {
 public:
  ChangeLog(const Store& store, const Gradebook& book, const Origins& origins);

  const std::vector<Change>& changes() const { return changes_; }

  /// To be called when everything else is written.
  void keep(Store& store) const;

 private:
  std::vector<Change> changes_;
  std::string state_;
};

}  // namespace workbook::grading
