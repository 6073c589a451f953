#pragma once
/// Which grades a new run changed, and why.

#include <optional>
#include <string>
#include <vector>

#include "common/grading/gradebook/gradebook.h"
#include "common/grading/gradebook/store.h"

namespace workbook::grading {

/// The name that a Change has for the sum of a student's lessons.
inline constexpr const char* kTotal = "total";

/// A student's lesson, or total, that counts something else than when results were last written.
struct Change {
  std::string student, lesson;
  std::optional<Hundredths> before, after;  ///< under the policy of the time; nothing where there was or is no grade
  std::string because;                      ///< "the policy changed"
  std::string tests;                        ///< "keeps the copies together: wrong -> passed; ..."

  bool gone() const { return !after; }  ///< the student is no longer among the submissions
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
