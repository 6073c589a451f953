#include <random>

#include "common/checker/catch.h"
#include "common/grading/gradebook/gradebook.h"
#include "common/system/errors.h"

using namespace workbook;
using namespace workbook::grading;

namespace {

const std::vector<std::string> kLessons{"01_stable_softmax", "02_scaled_dot_product", "04_grouped_query"};

Policy parse(const std::string& text) { return parse_policy(text, "policy.json", kLessons); }

/// The message of the error that `text` must give; "" if it gives none.
std::string refusal(const std::string& text) {
  try {
    parse(text);
  } catch (const system::Error& error) {
    return error.what();
  }
  return "";
}

Time utc(int day, int hour, int minute, int second = 0) {
  using namespace std::chrono;
  return sys_days(year(2026) / November / day) + hours(hour) + minutes(minute) + seconds(second);
}

}  // namespace

TEST_CASE("a policy says what counts, when and how much") {
  const Policy policy = parse(R"({
    // comments are fine
    "time_zone": "UTC",
    "lessons": {"1": {}, "04": {"points": 12.5, "due": "2026-11-20 23:59"}, "scaled_dot_product": {"points": 0}},
    "grace_minutes": 15, "late": {"percent_per_day": 10, "days": 5}, "drop_lowest": 0,
    "extensions": {"ada": {"days": 3, "04": "2026-12-01 18:00"}},
    "submitted": {"alan": "2026-11-21T00:10Z"}, "assignment": "GPU course"
  })");
  CHECK(policy.lessons.at("04_grouped_query").points == 1250);
  CHECK(policy.lessons.at("04_grouped_query").due == utc(20, 23, 59));
  CHECK(policy.lessons.at("02_scaled_dot_product").points == 0);
  CHECK_FALSE(policy.lessons.at("01_stable_softmax").points);
  CHECK(policy.grace == std::chrono::minutes(15));
  CHECK(policy.late.kind == LateRule::Kind::per_day);
  CHECK(policy.late.days == 5);
  CHECK(policy.extensions.at("ada").days == 3);
  CHECK(policy.submitted.at("alan") == utc(21, 0, 10));
  CHECK(policy.assignment == "GPU course");
}

TEST_CASE("an entry finds its student by id, by name and by login") {
  const std::vector<Submission> class_of_three{{.student = "jane_example.org-13d855ce", .name = "jane@example.org"},
                                               {.student = "Bj_rn_H._4711", .name = "Bj\u00f6rn H.", .lms_id = "4711"},
                                               {.student = "ann", .name = "ann"}};
  std::string told;
  const auto found = [&](const std::string& text) {
    Gradebook book{.policy = parse(text), .submissions = class_of_three};
    find_students(book);
    told = book.problems.empty() ? "" : book.problems.at(0);
    return book.policy;
  };
  for (const std::string name : {"jane_example.org-13d855ce", "jane@example.org"}) {
    const Policy policy = found(R"({"extensions": {")" + name + R"(": {"days": 3}}})");
    CHECK(policy.extensions.size() == 1);
    CHECK(policy.extensions.at("jane_example.org-13d855ce").days == 3);
  }
  for (const std::string name : {"Bj_rn_H._4711", "Bj\u00f6rn H.", "4711"})
    CHECK(found(R"({"submitted": {")" + name + R"(": "2026-11-20 12:00Z"}})").submitted.at("Bj_rn_H._4711") ==
          utc(20, 12, 0));
  CHECK(told == "the policy names students as the platform does: \"4711\" is taken for Bj_rn_H._4711");
  CHECK(found(R"({"extensions": {"nobody": {"days": 3}}})").extensions.contains("nobody"));
  CHECK(told.empty());
  found(R"({"extensions": {"ann": {"days": 3}}})");
  CHECK(told.empty());
}

TEST_CASE("an entry that fits two students, and two that fit one, are errors that name both") {
  const std::vector<Submission> class_of_three{{.student = "ann_1", .name = "ann", .lms_id = "1"},
                                               {.student = "ann_2", .name = "ann", .lms_id = "2"},
                                               {.student = "2", .name = "2"}};
  const auto refused = [&](const std::string& text) -> std::string {
    Gradebook book{.policy = parse(text), .submissions = class_of_three};
    try {
      find_students(book);
    } catch (const system::UsageError& error) {
      return error.what();
    }
    return "";
  };
  CHECK_THAT(refused(R"({"extensions": {"ann": {"days": 3}}})"),
             contains_text("\"extensions\" names \"ann\", which could be ann_1 or ann_2"));
  CHECK_THAT(refused(R"({"submitted": {"ann_1": "2026-11-20 12:00", "1": "2026-11-20 12:00"}})"),
             contains_text("\"submitted\" names ann_1 twice"));
  CHECK(refused(R"({"extensions": {"2": {"days": 3}}})").empty());  // an id is nobody else's
}

TEST_CASE("only students who agreed are on the leaderboard, which no policy has by itself") {
  CHECK_FALSE(parse("{}").leaderboard);
  const auto some = parse(R"({"leaderboard": {"students": ["ada"], "names": "numbered"}})").leaderboard;
  CHECK(some->has("ada"));
  CHECK_FALSE(some->has("alan"));
  CHECK(some->numbered);
  const auto all = parse(R"({"leaderboard": {"students": "all"}})").leaderboard;
  CHECK(all->has("alan"));
  CHECK_FALSE(all->numbered);
  Gradebook book{.policy = parse(R"({"leaderboard": {"students": ["4711", "nobody"]}})"),
                 .submissions = {{.student = "Bj_rn_H._4711", .name = "Bj\u00f6rn H.", .lms_id = "4711"}}};
  find_students(book);
  CHECK(book.policy.leaderboard->has("Bj_rn_H._4711"));
  apply_policy(book);
  CHECK_THAT(book.problems.back(), contains_text("\"leaderboard\" names nobody, who handed nothing in"));
}

TEST_CASE("an empty policy counts every lesson in full") {
  const Policy policy = parse("{}");
  CHECK(policy.counts("04_grouped_query"));
  CHECK(late_penalty(policy.late, 100) == 0);
}

TEST_CASE("the example is a policy") {
  const Policy policy = parse(example_policy(kLessons));
  CHECK(policy.lessons.size() == kLessons.size());
  CHECK_FALSE(policy.extensions.empty());
}

TEST_CASE("a wrong policy is refused in words that tell what to mend") {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "expected valid JSON"},
      {"{\n\"grace_minutes\": 1,\n}", "error at line 3"},
      {"[]", "policy.json: expected an object, found []"},
      {R"({"grace_minute": 1})", "found \"grace_minute\"; did you mean grace_minutes?"},
      {R"({"grace_minutes": "ten"})",
       "expected \"grace_minutes\" to be a whole number from 0 to 100000, found \"ten\""},
      {R"({"grace_minutes": -1})", "from 0 to"},
      {R"({"grace_minutes": 1.5})", "whole number"},
      {R"({"grace_minutes": 18446744073709551615})", "whole number"},
      {R"({"time_zone": "Mars/Olympus"})", "expected a time zone such as Europe/Berlin, found \"Mars/Olympus\""},
      {R"({"time_zone": "../../etc/passwd"})", "expected a time zone"},
      {R"({"leaderboard": {}})", "expected \"students\" to be \"all\" or a list, found null"},
      {R"({"leaderboard": {"students": ["ada", 3]}})", "found [\"ada\",3]"},
      {R"({"leaderboard": {"students": "some"}})", "found \"some\""},
      {R"({"leaderboard": {"students": [], "names": "real"}})",
       "expected \"names\" to be \"shown\" or \"numbered\", found \"real\""},
      {R"({"lessons": {"03": {}}})", "expected a lesson (01_stable_softmax, 02_scaled_dot_product, 04_grouped_query)"},
      {R"({"lessons": {"04": {"points": 1.005}}})", "at most two decimals"},
      {R"({"lessons": {"04": {"points": -1}}})", "a number from 0 to 100000"},
      {R"({"lessons": {"04": {"point": 1}}})", "did you mean points?"},
      {R"({"lessons": {"04": 5}})", "policy.json, \"lessons\", \"04\": expected an object, found 5"},
      {R"({"lessons": {"04": {}, "grouped_query": {}}})", "expected each lesson once"},
      {R"({"lessons": {"04": {}, "04": {}}})", "expected each member once, found 04 twice"},
      {R"({"lessons": {"04": {"due": "tomorrow"}}})", "expected a time such as 2026-11-20 23:59, found \"tomorrow\""},
      {R"({"lessons": {"04": {"due": "2026-02-30 12:00"}}})", "expected a time such as"},
      {R"({"lessons": {"04": {"due": "2026-02-20 24:00"}}})", "expected a time such as"},
      {R"({"lessons": {"04": {"due": 5}}})", "expected a time such as"},
      {R"({"late": "sometimes"})", "expected \"late\" to be \"none\", \"cutoff\" or {"},
      {R"({"late": {"days": 3}})", "percent_per_day"},
      {R"({"late": {"percent_per_day": 0}})", "from 1 to 100"},
      {R"({"drop_lowest": 1})", "the same \"points\" for each"},
      {R"({"drop_lowest": 1, "lessons": {"01": {"points": 5}, "04": {"points": 6}}})", "points that differ"},
      {R"({"drop_lowest": 2, "lessons": {"01": {"points": 5}, "04": {"points": 5}}})", "to leave a lesson"},
      {R"({"extensions": {"ada": 3}})", "\"extensions\", \"ada\": expected an object"},
      {R"({"extensions": {"ada": {"day": 3}}})", "expected a lesson"},
      {R"({"submitted": {"ada": true}})", "expected a time"},
      {"{\"lessons\":[[[[[[[[[[[[[[]]]]]]]]]]]]]]}", "at most 8 levels"},
  };
  for (const auto& [text, expected] : wrong) {
    INFO(text);
    CHECK_THAT(refusal(text), contains_text(expected));
  }
}

TEST_CASE("no text makes the parser do anything but refuse") {
  std::mt19937 random(7);
  const std::string good = example_policy(kLessons);
  const std::string alphabet = "{}[]\",:0123456789.eE+-/*\\ntu \n\xff\x00z";
  for (int round = 0; round < 3000; ++round) {
    std::string text = good;
    for (unsigned edits = 1 + random() % 4; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      if (random() % 3 == 0)
        text.erase(at, random() % 20);
      else
        text[at] = alphabet[random() % alphabet.size()];
      if (text.empty()) text = " ";
    }
    try {
      const Policy policy = parse(text);
      CHECK(policy.grace >= std::chrono::minutes(0));
      CHECK(policy.late.percent <= 100);
    } catch (const system::Error& error) {
      CHECK(std::string_view(error.what()).starts_with("policy.json"));
    }
  }
}

TEST_CASE("times are read in the course's zone, across its summer time") {
  const Zone berlin("Europe/Berlin");
  CHECK(berlin.parse("2026-11-20 23:59") == utc(20, 22, 59));
  CHECK(berlin.parse("2026-11-20T23:59:30") == utc(20, 22, 59, 30));
  CHECK(berlin.parse("2026-11-20T23:59+05:30") == utc(20, 18, 29));
  CHECK(berlin.parse("2026-11-20 23:59Z") == utc(20, 23, 59));
  CHECK(berlin.show(utc(20, 22, 59)) == "2026-11-20 23:59 CET");
  // 2027-03-28: 02:00 to 03:00 is left out; 2026-10-25: 02:00 to 03:00 comes twice.
  CHECK_THROWS_AS(berlin.parse("2027-03-28 02:30"), system::Error);
  CHECK(berlin.show(berlin.parse("2026-10-25 02:30")) == "2026-10-25 02:30 CET");
  CHECK(berlin.parse("2026-10-25 03:00") - berlin.parse("2026-10-25 01:59") == std::chrono::minutes(121));
  CHECK(Zone("CET-1CEST,M3.5.0,M10.5.0/3").parse("2026-07-01 12:00") == Zone("UTC").parse("2026-07-01 10:00"));
  for (const char* wrong :
       {"", "2026-11-20", "2026-11-20 23:59:60", "2026-11-20 23:59 ", "2026-11-20 23:59+1", "20261120 2359"})
    CHECK_THROWS_AS(berlin.parse(wrong), system::Error);
}

TEST_CASE("a day late begins right after the deadline and ends at the same time of day") {
  const Zone berlin("Europe/Berlin");
  const Time due = berlin.parse("2026-10-24 23:59");  // the clock is set back in the night that follows
  const auto late = [&](const char* time) { return days_late(berlin, due, berlin.parse(time)); };
  CHECK(late("2026-10-20 12:00") == 0);
  CHECK(late("2026-10-24 23:59") == 0);
  CHECK(late("2026-10-25 00:00") == 1);
  CHECK(late("2026-10-25 23:59:59") == 1);  // 25 hours
  CHECK(late("2026-10-26 00:00") == 2);
  CHECK(late("2026-11-03 23:59") == 10);
  const Time spring = berlin.parse("2027-03-27 23:59");
  CHECK(days_late(berlin, spring, berlin.parse("2027-03-28 23:59:59")) == 1);  // 23 hours
  CHECK(days_late(berlin, spring, berlin.parse("2027-03-29 00:00")) == 2);
  CHECK(days_late(berlin, spring, spring + std::chrono::hours(24 * 365 * 100)) == 10'000);
}

TEST_CASE("a deadline includes its whole minute, unless it names a second") {
  const Zone berlin("Europe/Berlin");
  const auto late = [&](const char* due, const char* time) {
    return days_late(berlin, berlin.parse(due), berlin.parse(time));
  };
  CHECK(late("2026-11-20 23:59", "2026-11-20 23:59:59") == 0);
  CHECK(late("2026-11-20 23:59", "2026-11-21 00:00") == 1);
  CHECK(late("2026-11-20 23:59:30", "2026-11-20 23:59:30") == 0);
  CHECK(late("2026-11-20 23:59:30", "2026-11-20 23:59:31") == 1);
}

TEST_CASE("late rules take what they say") {
  const LateRule per_day{LateRule::Kind::per_day, 30, 2}, cutoff{LateRule::Kind::cutoff};
  CHECK(late_penalty(per_day, 0) == 0);
  CHECK(late_penalty(per_day, 1) == 30);
  CHECK(late_penalty(per_day, 2) == 60);
  CHECK(late_penalty(per_day, 3) == 100);
  CHECK(late_penalty({LateRule::Kind::per_day, 60, 9}, 2) == 100);
  CHECK(late_penalty(cutoff, 0) == 0);
  CHECK(late_penalty(cutoff, 1) == 100);
}

TEST_CASE("points are rounded half up, to hundredths") {
  CHECK(scaled(1000, 1, 3, 0) == 333);
  CHECK(scaled(1000, 2, 3, 0) == 667);
  CHECK(scaled(100, 1, 8, 0) == 13);
  CHECK(scaled(1000, 3, 3, 15) == 850);
  CHECK(scaled(1000, 0, 0, 0) == 0);
  CHECK(scaled(10'000'000, 9999, 9999, 0) == 10'000'000);
  CHECK(shown(1250) == "12.5");
  CHECK(shown(1000) == "10");
  CHECK(shown(7) == "0.07");
}
