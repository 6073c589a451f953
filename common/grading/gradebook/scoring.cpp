#include "common/grading/gradebook/scoring.h"

#include <algorithm>
#include <map>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace workbook::grading {

namespace {

using nlohmann::json;

/// Reads the lines of one report. @throws json::exception, Malformed
class ReportReader {
 public:
  struct Malformed {
    std::string why;
  };

  explicit ReportReader(const std::vector<ListedTest>& list) : list_(list) {}

  void read(std::string_view report) {
    while (!report.empty()) {
      const std::size_t end = report.find('\n');
      if (end == report.npos) throw Malformed{"its last line is cut off"};
      take(json::parse(report.substr(0, end)));
      report.remove_prefix(end + 1);
    }
    if (!ended_) throw Malformed{"it has no end"};
  }

  std::optional<TestScore> of(const std::string& id) const {
    const auto found = scores_.find(id);
    return found == scores_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  void take(const json& line) {
    const std::string event = line.at("event");
    if (ended_) throw Malformed{"it goes on after its end"};
    if (event == "run" && !begun_)
      begun_ = true;
    else if (event == "test" && begun_)
      take_test(line);
    else if (event == "end" && begun_)
      take_end(line);
    else
      throw Malformed{fmt::format("an event \"{}\" is out of place", event)};
  }

  void take_test(const json& line) {
    const std::string id = line.at("id");
    if (std::ranges::find(list_, id, &ListedTest::id) == list_.end())
      throw Malformed{fmt::format("the test {} is not on the list", id)};
    const auto verdict = verdict_named(line.at("verdict").get<std::string>());
    if (!verdict) throw Malformed{fmt::format("the test {} has no known verdict", id)};
    const TestScore score{id, verdict, line.at("message"), line.at("output")};
    if (!scores_.emplace(id, score).second) throw Malformed{fmt::format("the test {} is in it twice", id)};
  }

  void take_end(const json& line) {
    ended_ = true;
    if (line.at("total") != scores_.size())
      throw Malformed{fmt::format("it counts {} tests and holds {}", line.at("total").dump(), scores_.size())};
  }

  const std::vector<ListedTest>& list_;
  std::map<std::string, TestScore> scores_;
  bool begun_ = false, ended_ = false;
};

}  // namespace

Scored score_report(const std::string& lesson, const std::vector<ListedTest>& list, std::string_view report) {
  ReportReader reader(list);
  try {
    reader.read(report);
  } catch (const ReportReader::Malformed& malformed) {
    return {{}, "the checker's report cannot be used: " + malformed.why};
  } catch (const json::exception&) {
    return {{}, "the checker's report cannot be used: a line is not as expected"};
  }
  Scored scored{{.lesson = lesson, .compiled = true}, ""};
  for (const ListedTest& test : list)
    scored.result.tests.push_back(
        reader.of(test.id).value_or(TestScore{test.id, std::nullopt, "the test did not report", ""}));
  return scored;
}

LessonResult score_uncompiled(const std::string& lesson, const std::vector<ListedTest>& list, std::string output) {
  LessonResult result{.lesson = lesson, .compiler_output = std::move(output)};
  for (const ListedTest& test : list) result.tests.push_back({test.id, Verdict::does_not_compile, "", ""});
  return result;
}

int points(const LessonResult& result, const std::vector<ListedTest>& list) {
  int sum = 0;
  for (const ListedTest& test : list) {
    const auto score = std::ranges::find(result.tests, test.id, &TestScore::id);
    if (score != result.tests.end()) sum += score->points(test);
  }
  return sum;
}

int max_points(const std::vector<ListedTest>& list) {
  int sum = 0;
  for (const ListedTest& test : list) sum += test.points;
  return sum;
}

std::string to_json(const LessonResult& result) {
  json tests = json::array();
  for (const TestScore& test : result.tests)
    tests.push_back({{"id", test.id},
                     {"verdict", test.verdict ? json(name(*test.verdict)) : json(nullptr)},
                     {"message", test.message},
                     {"output", test.output}});
  const json document{{"lesson", result.lesson},
                      {"compiled", result.compiled},
                      {"compiler_output", result.compiler_output},
                      {"tests", tests}};
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::optional<LessonResult> result_from_json(std::string_view text) try {
  const json document = json::parse(text);
  LessonResult result{.lesson = document.at("lesson"),
                      .compiled = document.at("compiled"),
                      .compiler_output = document.at("compiler_output")};
  for (const json& test : document.at("tests")) {
    TestScore score{test.at("id"), std::nullopt, test.at("message"), test.at("output")};
    if (!test.at("verdict").is_null()) score.verdict = verdict_named(test.at("verdict").get<std::string>()).value();
    result.tests.push_back(std::move(score));
  }
  return result;
} catch (const std::exception&) {
  return std::nullopt;
}

}  // namespace workbook::grading
