#include "common/grading/gradebook/changes.h"

#include <algorithm>

#include <fmt/core.h>

#include "common/system/json.h"

namespace workbook::grading {

namespace {

using nlohmann::json;

constexpr const char* kNote = "written.json";

std::string verdict_text(const TestScore& test) {
  return test.verdict ? std::string(spoken(*test.verdict)) : "did not report";
}

/// What is remembered of one lesson. One without a result counts nothing, which is a grade too.
json remembered(const LessonGrade& grade, const GradedLesson& lesson, const Origin& origin, std::int64_t handed_in) {
  json verdicts = json::object();
  if (grade.result == nullptr)
    return {{"key", ""}, {"source", ""}, {"time", 0}, {"score", grade.score}, {"verdicts", verdicts}};
  for (const TestScore& test : grade.result->tests) {
    const auto listed = std::ranges::find(lesson.tests, test.id, &report::Test::id);
    verdicts[listed == lesson.tests.end() ? test.id : listed->name] = verdict_text(test);
  }
  return {{"key", origin.key},
          {"source", origin.source},
          {"time", handed_in},
          {"score", grade.score},
          {"verdicts", verdicts}};
}

json remembered_total(const Gradebook& book, const StudentGrade& student) {
  json lessons = json::array();
  for (const GradedLesson& lesson : book.lessons) lessons.push_back(lesson.id);
  return {{"score", student.score}, {"lessons", lessons}};
}

/// Student to lesson to what is remembered. What has no score this time keeps what was known of it.
json state_of(const Gradebook& book, const Origins& origins, const json& before) {
  json state = json::object();
  for (const StudentGrade& student : book.students) {
    const std::string& name = student.submission->student;
    state[name] = before.value(name, json::object());
    const auto& at = student.submission->submitted_at;
    for (std::size_t i = 0; i < book.lessons.size(); ++i) {
      const LessonGrade& grade = student.lessons[i];
      const std::string& id = book.lessons[i].id;
      const auto origin = origins.find({name, id});
      if (grade.scored())
        state[name][id] = remembered(grade, book.lessons[i], origin == origins.end() ? Origin{} : origin->second,
                                     at ? at->time_since_epoch().count() : 0);
    }
    if (student.has_total()) state[name][kTotal] = remembered_total(book, student);
  }
  return state;
}

std::string changed_tests(const json& before, const json& after) {
  std::string text;
  for (const auto& [test, verdict] : after.items()) {
    const std::string old = before.value(test, "not there");
    if (old != verdict)
      text += fmt::format("{}{}: {} -> {}", text.empty() ? "" : "; ", test, old, verdict.get<std::string>());
  }
  for (const auto& [test, verdict] : before.items())
    if (!after.contains(test))
      text += fmt::format("{}{}: {} -> not there", text.empty() ? "" : "; ", test, verdict.get<std::string>());
  return text;
}

/// Why a lesson counts something else now.
std::string reason(const json& old, const json& now) {
  if (now.at("source") == "") return "no longer handed in";
  if (old.at("source") != now.at("source")) return "new submission";
  if (old.at("key") != now.at("key")) return "the tests or the compiler changed";
  if (old.at("time") != now.at("time")) return "another time of handing in";
  return "the policy changed";
}

void compare_student(const std::string& student, const json& before, const json& after, std::vector<Change>& changes) {
  std::string because;
  const auto add = [&](const std::string& lesson, const std::string& why, const std::string& tests) {
    const json &old = before.at(lesson).at("score"), &now = after.at(lesson).at("score");
    if (old == now) return;
    changes.push_back({student, lesson, old.get<Hundredths>(), now.get<Hundredths>(), why, tests});
    if (because.find(why) == because.npos) because += (because.empty() ? "" : "; ") + why;
  };
  for (const auto& [lesson, now] : after.items()) {
    if (lesson == kTotal || !before.contains(lesson) || !before.at(lesson).contains("score")) continue;
    const json& old = before.at(lesson);
    add(lesson, reason(old, now), changed_tests(old.at("verdicts"), now.at("verdicts")));
  }
  if (!before.contains(kTotal) || !after.contains(kTotal)) return;
  if (before.at(kTotal).at("lessons") != after.at(kTotal).at("lessons")) because = "other lessons count";
  add(kTotal, because.empty() ? "the policy changed" : because, "");
}

Change farewell(const std::string& student, const json& lessons) {
  Change change{.student = student, .lesson = kTotal, .because = "no longer there"};
  if (lessons.contains(kTotal)) change.before = lessons.at(kTotal).at("score").get<Hundredths>();
  return change;
}

std::vector<Change> compare(const json& before, const json& after) {
  std::vector<Change> changes;
  for (const auto& [student, lessons] : before.items()) {
    if (after.contains(student))
      compare_student(student, lessons, after.at(student), changes);
    else
      changes.push_back(farewell(student, lessons));
  }
  return changes;
}

json read_note(const Store& store) try {
  json note = json::parse(store.note(kNote).value_or("{}"));
  compare(note.at("before"), note.at("now"));  // is it of the right form?
  return note;
} catch (const json::exception&) {
  return {{"before", json::object()}, {"now", json::object()}};
}

}  // namespace

ChangeLog::ChangeLog(const Store& store, const Gradebook& book, const Origins& origins) {
  const json note = read_note(store);
  const json now = state_of(book, origins, note["now"]);
  const json before = now == note["now"] ? note["before"] : note["now"];
  changes_ = compare(before, now);
  std::erase_if(changes_, [&](const Change& change) {
    return change.lesson != kTotal &&
           std::ranges::find(book.lessons, change.lesson, &GradedLesson::id) == book.lessons.end();
  });
  state_ = json{{"before", before}, {"now", now}}.dump(1) + "\n";
}

void ChangeLog::keep(Store& store) const { store.keep_note(kNote, state_); }

}  // namespace workbook::grading
