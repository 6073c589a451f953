#pragma once
/// Everything that is written for students, instructors and other programs. Functions of a gradebook alone: the same
/// gradebook gives the same bytes.

#include <map>
#include <string>
#include <vector>

#include "common/grading/gradebook/changes.h"
#include "common/grading/gradebook/gradebook.h"
#include "common/grading/gradebook/shown_tests.h"

namespace workbook::grading {

/// What Gradescope reads: results.json of one student. Texts are never taken for markup; hidden tests are hidden there.
std::string gradescope_json(const Gradebook& book, const StudentGrade& student);

/// JUnit XML of one student: every test of every lesson's list. Crashed, timed out and the like are errors.
std::string junit_xml(const Gradebook& book, const StudentGrade& student);

/// The feedback page of one student.
std::string feedback_html(const Gradebook& book, const StudentGrade& student, Audience audience);
std::string feedback_markdown(const Gradebook& book, const StudentGrade& student);

/// student,score,max_score,... one row per student; no score where something could not be graded or was refused.
std::string grades_csv(const Gradebook& book);

/// For the import into a Canvas gradebook. An empty cell where there is no score.
std::string canvas_csv(const Gradebook& book);

/// A grading worksheet as Moodle reads it, of who was downloaded from Moodle. A student without a score has no row.
std::string moodle_csv(const Gradebook& book);

/// The grades that changed, old and new, and the students who are no longer there.
std::string changes_csv(const std::vector<Change>& changes);

/// Remarks and faults, one per line, students first.
std::string problems_csv(const Gradebook& book);

/// The instructor's overview. It refers to the plots below and to timing.svg.
std::string summary_html(const Gradebook& book, const std::vector<Change>& changes);

std::string histogram_svg(const Gradebook& book);
std::string tests_svg(const Gradebook& book, std::size_t lesson);

/// How long one submitted lesson took, compile included.
struct Slow {
  std::string name;
  double seconds = 0;
};
/// The slowest of the class. Times differ from run to run, so nothing else depends on them.
std::string timing_svg(std::vector<Slow> all);

}  // namespace workbook::grading
