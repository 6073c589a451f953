#include "common/grading/gradebook/scoring.h"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "common/system/json.h"

namespace workbook::grading {

namespace {

using nlohmann::json;

TestScore score_unreported(const std::string& test, const std::optional<CutShort>& cut_short) {
  if (!cut_short) return {test, std::nullopt, "the test did not report", ""};
  return {test, cut_short->verdict, cut_short->how + " on what this submission answered, in this test or before it",
          ""};
}

}  // namespace

Scored score_report(const std::string& lesson, const std::vector<report::Test>& list, std::string_view report,
                    const std::optional<CutShort>& cut_short) {
  const report::Report read = report::read_report(report);
  std::string problem = cut_short && read.cut ? "" : read.problem;
  std::map<std::string, TestScore> scores;
  for (const report::Result& result : read.tests) {
    if (std::ranges::find(list, result.id, &report::Test::id) == list.end())
      problem = fmt::format("the test {} is not on the list", result.id);
    scores[result.id] = {result.id, result.verdict, result.message, result.output, result.called};
  }
  if (!problem.empty()) return {{}, "the checker's report cannot be used: " + problem};
  Scored scored{{.lesson = lesson, .compiled = true}, ""};
  for (const report::Test& test : list) {
    const auto score = scores.find(test.id);
    scored.result.tests.push_back(score != scores.end() ? score->second : score_unreported(test.id, cut_short));
  }
  return scored;
}

LessonResult score_uncompiled(const std::string& lesson, const std::vector<report::Test>& list, std::string output) {
  LessonResult result{.lesson = lesson, .compiler_output = std::move(output)};
  for (const report::Test& test : list) result.tests.push_back({test.id, Verdict::does_not_compile, "", ""});
  return result;
}

int points(const LessonResult& result, const std::vector<report::Test>& list) {
  int sum = 0;
  for (const report::Test& test : list) {
    const auto score = std::ranges::find(result.tests, test.id, &TestScore::id);
    if (score != result.tests.end()) sum += score->points(test);
  }
  return sum;
}

int max_points(const std::vector<report::Test>& list) {
  int sum = 0;
  for (const report::Test& test : list) sum += test.points;
  return sum;
}

std::string to_json(const LessonResult& result) {
  json tests = json::array();
  for (const TestScore& test : result.tests)
    tests.push_back({{"id", test.id},
                     {"verdict", test.verdict ? json(name(*test.verdict)) : json(nullptr)},
                     {"message", test.message},
                     {"output", test.output},
                     {"called", test.called}});
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
    TestScore score{test.at("id"), std::nullopt, test.at("message"), test.at("output"), test.value("called", true)};
    if (!test.at("verdict").is_null()) score.verdict = verdict_named(test.at("verdict").get<std::string>()).value();
    result.tests.push_back(std::move(score));
  }
  return result;
} catch (const std::exception&) {
  return std::nullopt;
}

}  // namespace workbook::grading
