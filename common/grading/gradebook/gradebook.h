#pragma once
/// What everything comes to: results under the policy. Pure arithmetic; files are read before and written after.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/grading/gradebook/policy.h"
#include "common/grading/gradebook/scoring.h"
#include "common/grading/intake/intake.h"

namespace workbook::grading {

/// A lesson as the class is graded on it.
struct GradedLesson {
  std::string id, title;
  std::vector<report::Test> tests;
  std::map<std::string, std::string> hints;  ///< of hidden tests, by name: the only thing that is told about them

  int max_points() const { return grading::max_points(tests); }
};

/// How far one student's lesson got.
enum class Standing {
  graded,
  missing,  ///< not handed in, or refused: nothing is scored
  fault     ///< the grader failed: no score, and no zero
};

struct LessonGrade {
  Standing standing = Standing::missing;
  std::string reason;                    ///< why it is missing or what the fault is
  bool refused = false;                  ///< missing, because what was handed in was not taken
  const LessonResult* result = nullptr;  ///< if graded
  int earned = 0;                        ///< points of the tests
  std::optional<Time> announced;         ///< the deadline of everybody
  std::optional<Time> deadline;          ///< with extension and grace
  bool extended = false;                 ///< the student has another one than everybody
  int days_late = 0;                     ///< started days after the deadline
  int penalty_percent = 0;
  Hundredths score = 0, max = 0;  ///< under the policy
  bool dropped = false;           ///< does not count

  /// `score` is what the lesson is worth to the student. Otherwise a person has to look first.
  bool scored() const { return standing != Standing::fault && !refused; }
};

struct StudentGrade {
  const Submission* submission = nullptr;
  std::optional<Time> submitted;
  std::vector<LessonGrade> lessons;  ///< one for each lesson of the class
  Hundredths score = 0, max = 0;     ///< of the lessons that count
  std::vector<std::string> remarks;
  std::vector<std::string> asides;  ///< remarks that the student's own files leave out

  /// The grader failed in a lesson; another run may succeed.
  bool pending() const;

  /// `score` is the student's total. There is none yet if a lesson has no score, or if everything was refused.
  bool has_total() const;

  /// There is a deadline, and nothing tells whether it was kept.
  bool time_unknown() const;
};

/// The results by student and lesson id; with them, the faults that stayed.
struct Results {
  std::map<std::pair<std::string, std::string>, LessonResult> graded;
  std::map<std::pair<std::string, std::string>, std::string> faults;
};

struct Gradebook {
  Policy policy;
  std::vector<GradedLesson> lessons;
  std::vector<Submission> submissions;
  Results results;
  std::vector<StudentGrade> students;  ///< one for each submission, in their order; points into the members above
  std::vector<std::string> problems;   ///< of the class as a whole
};

/// Names the policy's students by their ids: an entry may name a student as the platform does, by name or login, where
/// that means one person only. Adds to `problems` who was taken for whom, for on some platforms students write their
/// own names. A name that nobody has stays. @throws system::UsageError if two people or two entries fit
void find_students(Gradebook& book);

/// Fills `students` from the other members, and adds to `problems`.
void apply_policy(Gradebook& book);

/// Days started between the deadline and `submitted`, by the calendar of `zone`; 0 if it is not late. A deadline that
/// names no second includes its whole minute.
int days_late(const Zone& zone, Time deadline, Time submitted);

/// What the late rule takes off, in percent.
int late_penalty(const LateRule& rule, int days_late);

/// max * earned / most * (100 - penalty) / 100, rounded half up. @pre 0 <= earned <= most
Hundredths scaled(Hundredths max, int earned, int most, int penalty_percent);

/// "12.5"
std::string shown(Hundredths points);

}  // namespace workbook::grading
