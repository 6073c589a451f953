/// The CSV files.

#include <algorithm>

#include <fmt/core.h>
#include <fmt/format.h>

#include "common/grading/exports/escape.h"
#include "common/grading/exports/exports.h"
#include "common/grading/exports/page.h"

namespace workbook::grading {

namespace {

/// The gravest lateness of the lessons that count.
int most_days_late(const StudentGrade& student) {
  int days = 0;
  for (const LessonGrade& grade : student.lessons)
    if (!grade.dropped) days = std::max(days, grade.days_late);
  return days;
}

std::string lesson_cell(const LessonGrade& grade) { return grade.scored() ? shown(grade.score) : ""; }

/// What is to be known before this row is used.
std::string note(const Gradebook& book, const StudentGrade& student) {
  std::vector<std::string> faults, missing, refused, dropped;
  for (std::size_t i = 0; i < book.lessons.size(); ++i) {
    const LessonGrade& grade = student.lessons[i];
    const std::string number = book.lessons[i].id.substr(0, 2);
    if (grade.standing == Standing::fault) faults.push_back(number);
    if (grade.refused && student.submission->refused.empty())
      refused.push_back(fmt::format("{} refused: {}", number, grade.reason));
    else if (grade.standing == Standing::missing)
      missing.push_back(number);
    if (grade.dropped) dropped.push_back(number);
  }
  std::vector<std::string> notes;
  if (!faults.empty()) notes.push_back(fmt::format("grader fault in {}: run grade again", fmt::join(faults, " ")));
  if (!student.submission->refused.empty())
    notes.push_back("refused: " + student.submission->refused);
  else if (!missing.empty())
    notes.push_back(fmt::format("nothing for {}", fmt::join(missing, " ")));
  notes.insert(notes.end(), refused.begin(), refused.end());
  if (!student.has_total()) notes.push_back("the score is left empty");
  if (student.time_unknown())
    notes.push_back(fmt::format("{}time unknown, taken as on time",
                                student.submission->marked_late ? "marked late by the platform, " : ""));
  if (!dropped.empty()) notes.push_back(fmt::format("does not count: {}", fmt::join(dropped, " ")));
  return fmt::format("{}", fmt::join(notes, "; "));
}

}  // namespace

std::string grades_csv(const Gradebook& book) {
  std::vector<std::string> header{"student", "score", "max_score", "percent", "submitted", "days_late"};
  for (const GradedLesson& lesson : book.lessons) header.push_back(lesson.id);
  header.insert(header.end(), {"name", "lms_id", "note"});
  std::string table = csv_row(header);
  for (const StudentGrade& student : book.students) {
    const bool total = student.has_total();
    const std::string percent =
        total && student.max != 0
            ? shown(scaled(10'000, static_cast<int>(student.score), static_cast<int>(student.max), 0))
            : "";
    std::vector<std::string> row{student.submission->student,
                                 total ? shown(student.score) : "",
                                 shown(student.max),
                                 percent,
                                 student.submitted ? book.policy.zone.show(*student.submitted) : "",
                                 std::to_string(most_days_late(student))};
    for (const LessonGrade& grade : student.lessons) row.push_back(lesson_cell(grade));
    row.insert(row.end(), {student.submission->name, student.submission->lms_id, note(book, student)});
    table += csv_row(row);
  }
  return table;
}

std::string canvas_csv(const Gradebook& book) {
  std::string table = csv_row({"Student", "ID", "SIS User ID", "SIS Login ID", "Section", book.policy.assignment});
  Hundredths max = 0;
  for (const StudentGrade& student : book.students) max = std::max(max, student.max);
  table += csv_row({"    Points Possible", "", "", "", "", shown(max)});
  for (const StudentGrade& student : book.students) {
    const Submission& s = *student.submission;
    // Canvas finds a student by its own number, else by the login. A number of another platform is neither. A folder
    // that no platform named is called as its student logs in, whatever files may be called.
    const bool number = !s.lms_id.empty() && std::ranges::all_of(s.lms_id, [](char c) { return c >= '0' && c <= '9'; });
    const std::string login = s.lms_id.empty() ? called(s) : number ? "" : s.lms_id;
    table += csv_row({called(s), s.platform == "Canvas" ? s.lms_id : "", "", login, "",
                      student.has_total() ? shown(student.score) : ""});
  }
  return table;
}

std::string moodle_csv(const Gradebook& book) {
  std::string table = csv_row({"Identifier", "Full name", "Grade", "Last modified (grade)"});
  for (const StudentGrade& student : book.students) {
    const Submission& s = *student.submission;
    if (s.platform == "Moodle" && student.has_total())
      table += csv_row({"Participant " + s.lms_id, s.name, shown(student.score), ""});
  }
  return table;
}

std::string changes_csv(const std::vector<Change>& changes) {
  std::string table = csv_row({"student", "lesson", "old_grade", "new_grade", "because", "tests"});
  const auto cell = [](std::optional<Hundredths> grade) { return grade ? shown(*grade) : ""; };
  for (const Change& change : changes)
    table +=
        csv_row({change.student, change.lesson, cell(change.before), cell(change.after), change.because, change.tests});
  return table;
}

std::string problems_csv(const Gradebook& book) {
  std::string table = csv_row({"student", "kind", "problem"});
  for (const std::string& problem : book.problems) table += csv_row({"", "class", problem});
  for (const StudentGrade& student : book.students) {
    for (std::size_t i = 0; i < book.lessons.size(); ++i)
      if (student.lessons[i].standing == Standing::fault)
        table += csv_row(
            {student.submission->student, "grader fault", book.lessons[i].id + ": " + student.lessons[i].reason});
    for (const auto& remarks : {student.remarks, student.asides})
      for (const std::string& remark : remarks) table += csv_row({student.submission->student, "remark", remark});
  }
  return table;
}

}  // namespace workbook::grading
