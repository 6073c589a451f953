#include "common/grading/changes.h"

#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace workbook::grading {

namespace {

using nlohmann::json;

constexpr const char* kNote = "written.json";

std::string verdict_text(const TestScore& test) {
  return test.verdict ? std::string(spoken(*test.verdict)) : "did not report";
}

/// What is remembered of one result.
json remembered(const LessonGrade& grade, const GradedLesson& lesson, const Origin& origin) {
  json verdicts = json::object();
  for (const TestScore& test : grade.result->tests) {
    const auto listed = std::ranges::find(lesson.tests, test.id, &ListedTest::id);
    verdicts[listed == lesson.tests.end() ? test.id : listed->name] = verdict_text(test);
  }
  return {{"key", origin.key}, {"source", origin.source}, {"points", grade.earned}, {"verdicts", verdicts}};
}

/// Student to lesson to what is remembered. What was not graded this time keeps what was known of it.
json state_of(const Gradebook& book, const Origins& origins, const json& before) {
  json state = json::object();
  for (const StudentGrade& student : book.students) {
    const std::string& name = student.submission->student;
    if (before.contains(name)) state[name] = before[name];
    for (std::size_t i = 0; i < book.lessons.size(); ++i) {
      const LessonGrade& grade = student.lessons[i];
      const std::string& id = book.lessons[i].id;
      if (grade.standing == Standing::graded)
        state[name][id] = remembered(grade, book.lessons[i], origins.at({name, id}));
      else if (grade.standing == Standing::missing && state.contains(name))
        state[name].erase(id);
    }
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

std::vector<Change> compare(const json& before, const json& after) {
  std::vector<Change> changes;
  for (const auto& [student, lessons] : after.items()) {
    if (!before.contains(student)) continue;
    for (const auto& [lesson, now] : lessons.items()) {
      if (!before[student].contains(lesson)) continue;
      const json& old = before[student][lesson];
      const std::string tests = changed_tests(old.at("verdicts"), now.at("verdicts"));
      if (tests.empty() && old.at("points") == now.at("points")) continue;
      changes.push_back(
          {student, lesson, old.at("points"), now.at("points"), old.at("source") != now.at("source"), tests});
    }
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
    return std::ranges::find(book.lessons, change.lesson, &GradedLesson::id) == book.lessons.end();
  });
  state_ = json{{"before", before}, {"now", now}}.dump(1) + "\n";
}

void ChangeLog::keep(Store& store) const { store.keep_note(kNote, state_); }

}  // namespace workbook::grading
