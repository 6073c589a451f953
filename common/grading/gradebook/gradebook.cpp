#include "common/grading/gradebook/gradebook.h"

#include <algorithm>
#include <set>

#include <fmt/core.h>
#include <fmt/format.h>

#include "common/system/errors.h"
#include "common/system/utf8.h"

namespace workbook::grading {

namespace {

void find_deadline(const Policy& policy, const std::string& student, const std::string& lesson, LessonGrade& grade) {
  if (const auto found = policy.lessons.find(lesson); found != policy.lessons.end())
    grade.announced = found->second.due;
  std::optional<Time> due = grade.announced;
  if (const auto granted = policy.extensions.find(student); granted != policy.extensions.end()) {
    const Extension& extension = granted->second;
    if (due) due = policy.zone.days_later(*due, extension.days);
    if (const auto own = extension.due.find(lesson); own != extension.due.end()) due = own->second;
  }
  grade.extended = due != grade.announced;
  if (due) grade.deadline = *due + policy.grace;
}

/// What the lesson is worth under the policy.
Hundredths worth(const Policy& policy, const GradedLesson& lesson) {
  const auto found = policy.lessons.find(lesson.id);
  if (found != policy.lessons.end() && found->second.points) return *found->second.points;
  return Hundredths{100} * lesson.max_points();
}

void find_result(const Gradebook& book, const Submission& submission, const GradedLesson& lesson, LessonGrade& grade) {
  const std::pair key(submission.student, lesson.id);
  if (const auto fault = book.results.faults.find(key); fault != book.results.faults.end()) {
    grade.standing = Standing::fault;
    grade.reason = fault->second;
  } else if (const auto graded = book.results.graded.find(key); graded != book.results.graded.end()) {
    grade.standing = Standing::graded;
    grade.result = &graded->second;
    grade.earned = points(graded->second, lesson.tests);
  } else if (!submission.refused.empty()) {
    grade.reason = submission.refused;
    grade.refused = true;
  } else if (const auto refused = submission.refused_files.find(lesson.id); refused != submission.refused_files.end()) {
    grade.reason = refused->second;
    grade.refused = true;
  } else {
    grade.reason = "not handed in";
  }
}

LessonGrade grade_lesson(const Gradebook& book, const StudentGrade& student, const GradedLesson& lesson) {
  LessonGrade grade;
  find_result(book, *student.submission, lesson, grade);
  grade.max = worth(book.policy, lesson);
  find_deadline(book.policy, student.submission->student, lesson.id, grade);
  if (grade.standing != Standing::graded) return grade;
  if (grade.deadline && student.submitted)
    grade.days_late = days_late(book.policy.zone, *grade.deadline, *student.submitted);
  grade.penalty_percent = late_penalty(book.policy.late, grade.days_late);
  grade.score = scaled(grade.max, grade.earned, lesson.max_points(), grade.penalty_percent);
  return grade;
}

/// The worst lessons, the first of equals. Faults are kept: nobody knows yet what they are worth.
void drop_lowest(StudentGrade& student, int count) {
  for (; count > 0; --count) {
    LessonGrade* worst = nullptr;
    for (LessonGrade& grade : student.lessons)
      if (!grade.dropped && grade.standing != Standing::fault && (worst == nullptr || grade.score < worst->score))
        worst = &grade;
    if (worst != nullptr) worst->dropped = true;
  }
}

void add_remarks(const Gradebook& book, StudentGrade& student) {
  const Submission& submission = *student.submission;
  student.remarks = submission.problems;
  if (!submission.refused.empty()) student.remarks.push_back("refused: " + submission.refused);
  // The student reads why in the lesson's own section.
  for (std::size_t i = 0; submission.refused.empty() && i < book.lessons.size(); ++i)
    if (student.lessons[i].refused)
      student.asides.push_back(
          fmt::format("{} refused: {}", book.lessons[i].id.substr(0, 2), student.lessons[i].reason));
  if (submission.marked_late && !student.submitted)
    student.asides.push_back("the platform marked this late, but does not tell by how much: taken as on time");
}

StudentGrade grade_student(const Gradebook& book, const Submission& submission) {
  StudentGrade student{.submission = &submission, .submitted = submission.submitted_at};
  const auto stated = book.policy.submitted.find(submission.student);
  if (stated != book.policy.submitted.end()) student.submitted = stated->second;
  for (const GradedLesson& lesson : book.lessons) student.lessons.push_back(grade_lesson(book, student, lesson));
  drop_lowest(student, book.policy.drop_lowest);
  for (const LessonGrade& grade : student.lessons) {
    if (grade.dropped) continue;
    student.score += grade.score;
    student.max += grade.max;
  }
  add_remarks(book, student);
  return student;
}

void note_missing_times(Gradebook& book) {
  std::vector<std::string> names;
  for (const StudentGrade& student : book.students) {
    if (student.time_unknown()) names.push_back(student.submission->student);
  }
  if (!names.empty())
    book.problems.push_back(
        fmt::format("nothing tells when {} handed in: taken as on time; the policy's \"submitted\" can tell",
                    fmt::join(names, ", ")));
}

void note_refused(Gradebook& book) {
  std::vector<std::string> names;
  for (const StudentGrade& student : book.students)
    if (!student.has_total() && !student.pending()) names.push_back(student.submission->student);
  if (!names.empty())
    book.problems.push_back(
        fmt::format("something that {} handed in was refused, which is no zero: the score is left empty in grades.csv "
                    "and canvas.csv until you decide",
                    fmt::join(names, ", ")));
}

/// Whom an entry of the policy means.
std::string student_meant(const std::string& written, const char* member, const std::vector<Submission>& submissions) {
  std::vector<std::string> fitting;
  for (const Submission& submission : submissions) {
    if (submission.student == written) return written;
    if (!written.empty() && (submission.name == written || submission.lms_id == written))
      fitting.push_back(submission.student);
  }
  if (fitting.size() > 1)
    throw system::UsageError(fmt::format(
        "the policy's \"{}\" names \"{}\", which could be {}; name a student as the first column of grades.csv "
        "does",
        member, system::printable(written, 160), fmt::join(fitting, " or ")));
  return fitting.empty() ? written : fitting.front();
}

/// @param taken gets who was taken for whom
template <class Entry>
void find_students(std::map<std::string, Entry>& entries, const char* member,
                   const std::vector<Submission>& submissions, std::set<std::string>& taken) {
  std::map<std::string, Entry> found;
  for (const auto& [written, entry] : entries) {
    const std::string student = student_meant(written, member, submissions);
    if (!found.emplace(student, entry).second)
      throw system::UsageError(fmt::format("the policy's \"{}\" names {} twice, once as \"{}\"", member, student,
                                           system::printable(written, 160)));
    if (student != written)
      taken.insert(fmt::format("\"{}\" is taken for {}", system::printable(written, 160), student));
  }
  entries = std::move(found);
}

/// A name in the policy that nobody has is most likely misspelt.
void note_unknown_students(Gradebook& book) {
  const auto note = [&](const std::string& student, const char* member) {
    if (std::ranges::find(book.submissions, student, &Submission::student) == book.submissions.end())
      book.problems.push_back(fmt::format("the policy's \"{}\" names {}, who handed nothing in", member, student));
  };
  for (const auto& [student, extension] : book.policy.extensions) note(student, "extensions");
  for (const auto& [student, time] : book.policy.submitted) note(student, "submitted");
  if (book.policy.leaderboard)
    for (const auto& [student, agreed] : book.policy.leaderboard->students) note(student, "leaderboard");
}

}  // namespace

bool StudentGrade::pending() const {
  return std::ranges::any_of(lessons, [](const LessonGrade& grade) { return grade.standing == Standing::fault; });
}

bool StudentGrade::has_total() const {
  return submission->refused.empty() && std::ranges::all_of(lessons, &LessonGrade::scored);
}

bool StudentGrade::time_unknown() const {
  const auto has_deadline = [](const LessonGrade& grade) { return grade.deadline && grade.result != nullptr; };
  return !submitted && std::ranges::any_of(lessons, has_deadline);
}

void find_students(Gradebook& book) {
  std::set<std::string> taken;
  find_students(book.policy.extensions, "extensions", book.submissions, taken);
  find_students(book.policy.submitted, "submitted", book.submissions, taken);
  if (book.policy.leaderboard) find_students(book.policy.leaderboard->students, "leaderboard", book.submissions, taken);
  if (!taken.empty())
    book.problems.push_back(fmt::format("the policy names students as the platform does: {}", fmt::join(taken, ", ")));
}

void apply_policy(Gradebook& book) {
  book.students.clear();
  for (const Submission& submission : book.submissions) book.students.push_back(grade_student(book, submission));
  note_unknown_students(book);
  note_missing_times(book);
  note_refused(book);
}

int days_late(const Zone& zone, Time deadline, Time submitted) {
  constexpr int kMost = 10'000;  // a submission from another century ends the count
  const bool names_second = deadline != std::chrono::floor<std::chrono::minutes>(deadline);
  if (!names_second) deadline += std::chrono::seconds(59);
  int days = 0;
  // The first estimate is at most one too small, for a day has at most 25 hours.
  if (submitted > deadline)
    days = static_cast<int>(std::min<std::int64_t>(kMost, (submitted - deadline) / std::chrono::hours(25)));
  while (days < kMost && submitted > zone.days_later(deadline, days)) ++days;
  return days;
}

int late_penalty(const LateRule& rule, int days_late) {
  if (days_late == 0 || rule.kind == LateRule::Kind::none) return 0;
  if (rule.kind == LateRule::Kind::cutoff || days_late > rule.days) return 100;
  return std::min(100, rule.percent * days_late);
}

Hundredths scaled(Hundredths max, int earned, int most, int penalty_percent) {
  if (most == 0) return 0;
  const std::int64_t whole = std::int64_t{100} * most;
  return (max * earned * (100 - penalty_percent) * 2 + whole) / (2 * whole);
}

std::string shown(Hundredths points) {
  std::string text = fmt::format("{}.{:02}", points / 100, points % 100);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace workbook::grading
