#include "common/cli/report.h"

#include <stdexcept>

#include <nlohmann/json.hpp>

#include "common/cli/system.h"
#include "common/system/text.h"

namespace workbook::cli {

using nlohmann::json;

namespace {

Verdict verdict_in(const json& line) {
  const auto verdict = verdict_named(line.at("verdict").get<std::string>());
  if (!verdict) throw std::runtime_error("unknown verdict");
  return *verdict;
}

std::string all_text(const json& line) {
  std::string text;
  for (const json& value : line)
    if (value.is_string()) text += value.get<std::string>() + '\n';
  return text;
}

TestResult test_in(const json& line, const std::string& raw) {
  return {.name = line.at("name"),
          .function = line.value("function", ""),
          .message = line.value("message", ""),
          .verdict = verdict_in(line),
          .points = line.value("points", 0),
          .max_points = line.value("max_points", 0),
          .line = raw,
          .text = all_text(line)};
}

void read_end(const json& line, Report& report) {
  report.verdict = verdict_in(line);
  report.passed = line.at("passed");
  report.total = line.at("total");
  report.points = line.at("points");
  report.max_points = line.at("max_points");
  report.complete = true;
}

}  // namespace

Report parse_report(std::string_view text) {
  Report report;
  try {
    for (const std::string& raw : split_lines(text)) {
      const json line = json::parse(raw);
      const std::string event = line.at("event");
      if (event == "test") report.tests.push_back(test_in(line, raw));
      if (event == "end") read_end(line, report);
    }
  } catch (const std::exception&) {
    report.complete = false;
  }
  return report;
}

std::vector<std::string> parse_test_names(std::string_view list) {
  std::vector<std::string> names;
  try {
    const json tests = json::parse(list);
    for (const json& test : tests) names.push_back(test.at("name"));
  } catch (const json::exception&) {
    names.clear();
  }
  return names;
}

}  // namespace workbook::cli
