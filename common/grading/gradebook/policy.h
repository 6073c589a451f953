#pragma once
/// What an instructor decides about a class: points, due dates, late work, exceptions. One JSON file; comments allowed.
///
/// It is applied when results are written, never when submissions are run: changing it regrades nothing.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/zone.h"

namespace workbook::grading {

using system::Time;
using system::Zone;

/// Points in hundredths: sums are exact, and the same on every machine.
using Hundredths = std::int64_t;

struct LessonPolicy {
  std::optional<Hundredths> points;  ///< what all of its tests together are worth; else the sum of their points
  std::optional<Time> due;           ///< else never late
};

struct LateRule {
  enum class Kind {
    none,     ///< late work counts in full
    per_day,  ///< each started day takes `percent` of what was reached; nothing is left after `days`
    cutoff    ///< late work counts nothing
  };
  Kind kind = Kind::none;
  int percent = 0;
  int days = 0;
};

/// What one student was granted.
struct Extension {
  int days = 0;                     ///< added to every due date
  std::map<std::string, Time> due;  ///< by lesson, instead of the common one
};

/// Who takes part in the leaderboard, which is measured after grading and has no part in any grade.
struct Leaderboard {
  bool everybody = false;
  std::map<std::string, bool> students;  ///< those who agreed, if not everybody did
  bool numbered = false;                 ///< a number in place of each name

  bool has(const std::string& student) const { return everybody || students.contains(student); }
};

struct Policy {
  Zone zone{"UTC"};
  bool zone_stated = false;                     ///< or is it the default?
  std::map<std::string, LessonPolicy> lessons;  ///< by id; those that count, unless it is empty
  std::chrono::minutes grace{0};                ///< moves every deadline
  LateRule late;
  int drop_lowest = 0;                            ///< so many lessons of each student do not count: the worst ones
  std::map<std::string, Extension> extensions;    ///< by student
  std::map<std::string, Time> submitted;          ///< by student, instead of what the platform says
  std::string assignment = "Attention Workbook";  ///< the column of the gradebook that points go to
  std::optional<Leaderboard> leaderboard;         ///< none unless the policy asks for it

  bool counts(const std::string& lesson) const { return lessons.empty() || lessons.contains(lesson); }
};

/// `where` names the file in messages; lessons may be named by id, number or name.
/// @throws system::Error saying which member, what was expected and what was found.
Policy parse_policy(std::string_view text, const std::string& where, const std::vector<std::string>& lesson_ids);

/// A policy with every member in it, explained, for these lessons.
std::string example_policy(const std::vector<std::string>& lesson_ids);

}  // namespace workbook::grading
