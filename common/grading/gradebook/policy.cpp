#include "common/grading/gradebook/policy.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/core.h>
#include <fmt/format.h>

#include "common/system/errors.h"
#include "common/system/json.h"
#include "common/system/text.h"

namespace workbook::grading {

namespace {

using nlohmann::json;

/// What was found, short enough for a message.
std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

/// One object of the policy. Every member is asked for by name; the rest is refused.
class Members {
 public:
  Members(const json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object())
      throw system::Error(fmt::format("{}: expected an object, found {}", where_, shown(object)));
  }

  const json* find(const char* name) {
    known_.emplace_back(name);
    const auto member = object_.find(name);
    return member == object_.end() ? nullptr : &*member;
  }

  std::optional<int> whole(const char* name, int least, int most) {
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    const bool fits = value->is_number_integer() && *value >= least && *value <= most;
    if (!fits) refuse(name, fmt::format("a whole number from {} to {}", least, most), *value);
    return value->get<int>();
  }

  std::optional<std::string> text(const char* name) {
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string() || value->get_ref<const std::string&>().empty()) refuse(name, "a text", *value);
    return value->get<std::string>();
  }

  [[noreturn]] void refuse(const std::string& name, const std::string& expected, const json& found) const {
    throw system::Error(fmt::format("{}: expected \"{}\" to be {}, found {}", where_, name, expected, shown(found)));
  }

  /// @throws system::Error if there is a member that nobody asked for.
  void refuse_others() const {
    for (const auto& [name, value] : object_.items()) {
      if (std::ranges::find(known_, name) != known_.end()) continue;
      const std::string near = system::nearest(name, known_);
      throw system::Error(fmt::format("{}: expected one of {}, found {}{}", where_, fmt::join(known_, ", "),
                                      shown(json(name)), near.empty() ? "" : fmt::format("; did you mean {}?", near)));
    }
  }

  std::string inside(const std::string& name) const { return fmt::format("{}, {}", where_, shown(json(name))); }

 private:
  const json& object_;
  std::string where_;
  std::vector<std::string> known_;
};

/// Says where, before what `make` has to complain about.
template <class Make>
auto within(const std::string& where, const Make& make) {
  try {
    return make();
  } catch (const system::Error& error) {
    throw system::Error(fmt::format("{}: {}", where, error.what()));
  }
}

class Parser {
 public:
  explicit Parser(const std::vector<std::string>& lesson_ids) : lesson_ids_(lesson_ids) {}

  Policy parse(const json& document, const std::string& where) {
    Members members(document, where);
    if (const auto zone = members.text("time_zone")) {
      policy_.zone = within(members.inside("time_zone"), [&] { return Zone(*zone); });
      policy_.zone_stated = true;
    }
    if (const json* lessons = members.find("lessons")) parse_lessons(*lessons, members.inside("lessons"));
    policy_.grace = std::chrono::minutes(members.whole("grace_minutes", 0, 100'000).value_or(0));
    if (const json* late = members.find("late")) parse_late(*late, members);
    policy_.drop_lowest = members.whole("drop_lowest", 0, 99).value_or(0);
    if (const json* all = members.find("extensions")) parse_extensions(*all, members.inside("extensions"));
    if (const json* all = members.find("submitted")) parse_submitted(*all, members.inside("submitted"));
    policy_.assignment = members.text("assignment").value_or(policy_.assignment);
    if (const json* asked = members.find("leaderboard")) parse_leaderboard(*asked, members.inside("leaderboard"));
    members.refuse_others();
    check_drop(where);
    return std::move(policy_);
  }

 private:
  Time time(const json& value, const std::string& where) const {
    return within(where,
                  [&] { return policy_.zone.parse(value.is_string() ? value.get<std::string>() : shown(value)); });
  }

  std::string lesson(const std::string& wanted, const std::string& where) const {
    for (const std::string& id : lesson_ids_)
      if (wanted == id || wanted == id.substr(0, 2) || "0" + wanted == id.substr(0, 2) || wanted == id.substr(3))
        return id;
    throw system::Error(
        fmt::format("{}: expected a lesson ({}), found {}", where, fmt::join(lesson_ids_, ", "), shown(json(wanted))));
  }

  void parse_lessons(const json& object, const std::string& where) {
    const Members names(object, where);
    for (const auto& [name, value] : object.items()) {
      const std::string id = lesson(name, where);
      Members members(value, names.inside(name));
      LessonPolicy one;
      if (const json* points = members.find("points")) one.points = parse_points(*points, members);
      if (const json* due = members.find("due")) one.due = time(*due, members.inside("due"));
      members.refuse_others();
      if (!policy_.lessons.emplace(id, one).second)
        throw system::Error(fmt::format("{}: expected each lesson once, found {} twice", where, id));
    }
  }

  static Hundredths parse_points(const json& value, const Members& members) {
    constexpr double kMost = 100'000;
    const double points = value.is_number() ? value.get<double>() : -1;
    const double hundredths = std::round(points * 100);
    if (!(points >= 0 && points <= kMost) || std::abs(hundredths - points * 100) > 1e-6)
      members.refuse("points", "a number from 0 to 100000 with at most two decimals", value);
    return static_cast<Hundredths>(hundredths);
  }

  void parse_late(const json& value, const Members& above) {
    using Kind = LateRule::Kind;
    if (value == "none") return;
    if (value == "cutoff") {
      policy_.late.kind = Kind::cutoff;
      return;
    }
    if (!value.is_object())
      above.refuse("late", "\"none\", \"cutoff\" or {\"percent_per_day\": 10, \"days\": 5}", value);
    Members members(value, above.inside("late"));
    const auto percent = members.whole("percent_per_day", 1, 100);
    if (!percent) members.refuse("percent_per_day", "a whole number from 1 to 100", value);
    const int until_nothing = (100 + *percent - 1) / *percent;
    policy_.late = {Kind::per_day, *percent, members.whole("days", 0, 1000).value_or(until_nothing)};
    members.refuse_others();
  }

  void parse_extensions(const json& object, const std::string& where) {
    const Members names(object, where);
    for (const auto& [student, value] : object.items()) {
      Extension& extension = policy_.extensions[student];
      Members members(value, names.inside(student));
      extension.days = members.whole("days", 0, 1000).value_or(0);
      for (const auto& [name, due] : value.items()) {
        if (name == "days") continue;
        const std::string id = lesson(name, names.inside(student));
        if (!extension.due.emplace(id, time(due, members.inside(name))).second)
          throw system::Error(fmt::format("{}: expected each lesson once, found {} twice", names.inside(student), id));
      }
    }
  }

  void parse_submitted(const json& object, const std::string& where) {
    const Members names(object, where);
    for (const auto& [student, value] : object.items()) policy_.submitted[student] = time(value, names.inside(student));
  }

  void parse_leaderboard(const json& object, const std::string& where) {
    Members members(object, where);
    Leaderboard& board = policy_.leaderboard.emplace();
    const json* const students = members.find("students");
    board.everybody = students && *students == "all";
    const bool listed = students && students->is_array() && std::ranges::all_of(*students, &json::is_string);
    if (!board.everybody && !listed) members.refuse("students", "\"all\" or a list", students ? *students : json());
    if (listed)
      for (const json& student : *students) board.students[student.get<std::string>()] = true;
    const std::string names = members.text("names").value_or("shown");
    board.numbered = names == "numbered";
    if (names != "shown" && names != "numbered") members.refuse("names", "\"shown\" or \"numbered\"", names);
    members.refuse_others();
  }

  /// Which lesson is the worst depends on what it is worth; equal worth leaves nothing to argue about.
  void check_drop(const std::string& where) const {
    if (policy_.drop_lowest == 0) return;
    std::set<std::optional<Hundredths>> worth;
    for (const auto& [id, one] : policy_.lessons) worth.insert(one.points);
    if (worth.size() != 1 || !worth.begin()->has_value())
      throw system::Error(fmt::format(
          "{}: expected \"lessons\" with the same \"points\" for each, since \"drop_lowest\" is used; found {}", where,
          policy_.lessons.empty() ? "no lessons" : "points that differ or are left out"));
    if (policy_.drop_lowest >= static_cast<int>(policy_.lessons.size()))
      throw system::Error(fmt::format("{}: expected \"drop_lowest\" to leave a lesson, found {} of {} dropped", where,
                                      policy_.drop_lowest, policy_.lessons.size()));
  }

  const std::vector<std::string>& lesson_ids_;
  Policy policy_;
};

/// nlohmann's parser keeps the last of two members with one name, and descends without limit.
json parse_json(std::string_view text, const std::string& where) {
  constexpr int kDeepest = 8;
  std::vector<std::set<std::string>> names;
  std::string twice;
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > kDeepest) throw system::Error(where + ": expected at most 8 levels of brackets");
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end && !names.empty()) names.pop_back();
    if (event == json::parse_event_t::key && !names.empty() && !names.back().insert(value.get<std::string>()).second)
      twice = value.get<std::string>();
    return true;
  };
  json document;
  try {
    document = json::parse(text, watch, true, true);
  } catch (const json::parse_error& error) {
    const auto before = text.substr(0, std::min(error.byte, text.size()));
    throw system::Error(fmt::format("{}: expected valid JSON, found an error at line {}", where,
                                    1 + std::count(before.begin(), before.end(), '\n')));
  }
  if (!twice.empty()) throw system::Error(fmt::format("{}: expected each member once, found {} twice", where, twice));
  return document;
}

}  // namespace

Policy parse_policy(std::string_view text, const std::string& where, const std::vector<std::string>& lesson_ids) {
  return Parser(lesson_ids).parse(parse_json(text, where), where);
}

std::string example_policy(const std::vector<std::string>& lesson_ids) {
  std::vector<std::string> lessons;
  for (std::size_t i = 0; i < lesson_ids.size(); ++i)
    lessons.push_back(fmt::format("    \"{}\": {{\"points\": 10, \"due\": \"2027-03-{:02} 23:59\"}}", lesson_ids[i],
                                  std::min<std::size_t>(28, 5 + 7 * i)));
  const std::string first = lesson_ids.empty() ? "01" : lesson_ids.front().substr(0, 2);
  return fmt::format(
      R"(// How a class is graded. Every member may be left out. Changing this file never runs a submission again.
{{
  // The clock of the dates below, and of the times in the file names of Blackboard and Brightspace: an area and city,
  // or UTC.
  "time_zone": "Europe/Berlin",

  // The lessons that count; without this member, all that somebody handed in.
  // points: what all tests of the lesson together are worth. Left out: the sum of the tests' own points.
  // due:    left out, the lesson is never late. "2027-03-05 23:59:30" and "2027-03-05T23:59+01:00" are fine too.
  "lessons": {{
{}
  }},

  // Every deadline is this much later than the students were told.
  "grace_minutes": 15,

  // Late work: "none" (counts in full), "cutoff" (counts nothing), or per started day, counted from the end of the
  // grace: 10 % of what was reached is taken off for each day, and after 5 days nothing counts.
  "late": {{"percent_per_day": 10, "days": 5}},

  // So many lessons of each student do not count: the worst ones. All lessons must then be worth the same points.
  "drop_lowest": 0,

  // By student: the first column of grades.csv, or the name or login on the platform. Days are added to every due
  // date; a date replaces that lesson's.
  "extensions": {{
    "ada": {{"days": 3}},
    "grace": {{"{}": "2027-03-12 18:00"}}
  }},

  // When a student handed in, where the platform's download does not tell or is wrong.
  "submitted": {{
    "alan": "2027-03-05 23:10"
  }},

  // The name of the column in canvas.csv.
  "assignment": "Attention Workbook",

  // Who is measured after grading, for a page without grades: "all", or those who agreed; names: "shown", "numbered".
  "leaderboard": {{"students": [], "names": "numbered"}}
}}
)",
      fmt::join(lessons, ",\n"), first);
}

}  // namespace workbook::grading
