#include "common/report/record.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "common/system/json.h"

namespace workbook::report {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Test& test) {
  return {{"id", test.id},       {"name", test.name},         {"tags", test.tags},
          {"group", test.group}, {"function", test.function}, {"points", test.points},
          {"file", test.file},   {"line", test.line}};
}

/// What a student printed may be any bytes.
std::string dumped(const Json& line) { return line.dump(-1, ' ', false, Json::error_handler_t::replace); }

struct Unusable {
  std::string why;
  bool cut = false;
};

/// A `test` line; `text` is the whole of it. @throws nlohmann::json::exception, Unusable
Result result_in(const Json& line, std::string_view text) {
  Result result;
  result.id = line.at("id");
  result.name = line.value("name", "");
  result.group = line.value("group", "");
  result.function = line.value("function", "");
  result.points = line.value("max_points", 0);
  result.tags = line.value("tags", std::vector<std::string>());
  result.file = line.value("file", "");
  result.line = line.value("line", std::size_t{0});
  result.message = line.at("message");
  result.remarks = line.value("remarks", std::vector<std::string>());
  result.output = line.at("output");
  result.called = line.value("called", true);
  result.json = text;
  const auto verdict = verdict_named(line.at("verdict").get<std::string>());
  if (!verdict) throw Unusable{"the test " + result.id + " has no known verdict"};
  result.verdict = *verdict;
  return result;
}

/// Reads the lines of one report. @throws nlohmann::json::exception, Unusable
class Reader {
 public:
  explicit Reader(Report& report) : report_(report) {}

  void read(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      if (end == text.npos) throw Unusable{"its last line is cut off", begun_ && !ended_};
      take(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    if (!ended_) throw Unusable{"it has no end", begun_};
  }

 private:
  void take(std::string_view text) {
    const Json line = Json::parse(text);
    const std::string event = line.at("event");
    if (ended_) throw Unusable{"it goes on after its end"};
    if (event == "run" && !begun_)
      begun_ = true;
    else if (event == "test" && begun_)
      take_test(line, text);
    else if (event == "end" && begun_)
      take_end(line);
    else
      throw Unusable{"an event \"" + event + "\" is out of place"};
  }

  void take_test(const Json& line, std::string_view text) {
    Result result = result_in(line, text);
    for (const Result& other : report_.tests)
      if (other.id == result.id) throw Unusable{"the test " + result.id + " is in it twice"};
    report_.tests.push_back(std::move(result));
  }

  void take_end(const Json& line) {
    ended_ = true;
    report_.total = line.at("total");
    if (static_cast<std::size_t>(report_.total) != report_.tests.size())
      throw Unusable{"it counts " + std::to_string(report_.total) + " tests and holds " +
                     std::to_string(report_.tests.size())};
    const auto verdict = verdict_named(line.at("verdict").get<std::string>());
    if (!verdict) throw Unusable{"its end has no known verdict"};
    report_.verdict = *verdict;
    report_.passed = line.value("passed", 0);
    report_.but_for_counts = line.value("but_for_counts", 0);
    report_.points = line.value("points", 0);
    report_.max_points = line.value("max_points", 0);
    report_.starting_s = line.value("starting_s", 0.0);
  }

  Report& report_;
  bool begun_ = false, ended_ = false;
};

}  // namespace

bool Test::has_tag(std::string_view tag) const { return std::ranges::find(tags, tag) != tags.end(); }

void expect_different_ids(const std::vector<Test>& tests) {
  std::map<std::string, std::string> names;
  for (const Test& test : tests)
    if (const auto [other, fresh] = names.emplace(test.id, test.name); !fresh)
      throw std::runtime_error("expected test names that differ in more than case and punctuation, found \"" +
                               other->second + "\" and \"" + test.name + "\"");
}

std::string list_to_json(const std::vector<Test>& tests) {
  Json list = Json::array();
  for (const Test& test : tests) list.push_back(to_json(test));
  return list.dump(1);
}

std::vector<Test> list_from_json(std::string_view json) try {
  std::vector<Test> tests;
  for (const Json& entry : Json::parse(json))
    tests.push_back({.id = entry.at("id"),
                     .name = entry.at("name"),
                     .group = entry.at("group"),
                     .function = entry.at("function"),
                     .points = entry.at("points"),
                     .tags = entry.value("tags", std::vector<std::string>()),
                     .file = entry.value("file", ""),
                     .line = entry.value("line", std::size_t{0})});
  return tests;
} catch (const nlohmann::json::exception& error) {
  throw std::runtime_error(std::string("expected a checker's list of tests, found something else: ") + error.what());
}

std::string run_line(const std::string& lesson, const std::string& plugin, std::uint64_t seed, std::size_t tests,
                     const std::vector<Test>& planned) {
  Json line{{"event", "run"}, {"lesson", lesson}, {"plugin", plugin}, {"seed", seed}, {"tests", tests}};
  for (const Test& test : planned) line["planned"].push_back(to_json(test));
  return dumped(line);
}

std::vector<Test> planned_tests(std::string_view run_line) {
  return list_from_json(Json::parse(run_line).value("planned", Json::array()).dump());
}

Result read_result(std::string_view test_line) try {
  return result_in(Json::parse(test_line), test_line);
} catch (const Unusable& unusable) {
  throw std::runtime_error(unusable.why);
}

std::string test_line(const Result& result, const Json& more) {
  Json line = to_json(static_cast<const Test&>(result));
  line["event"] = "test";
  line["points"] = result.earned();
  line["max_points"] = result.points;
  line["verdict"] = name(result.verdict);
  line["message"] = result.message;
  line["remarks"] = result.remarks;
  line["output"] = result.output;
  if (!result.called) line["called"] = false;
  if (more.is_object()) line.update(more);
  return dumped(line);
}

std::string end_line(const Report& totals) {
  return dumped({{"event", "end"},
                 {"verdict", name(totals.verdict)},
                 {"passed", totals.passed},
                 {"total", totals.total},
                 {"but_for_counts", totals.but_for_counts},
                 {"points", totals.points},
                 {"max_points", totals.max_points},
                 {"starting_s", totals.starting_s}});
}

Report read_report(std::string_view text) {
  Report report;
  try {
    Reader(report).read(text);
    report.complete = true;
  } catch (const Unusable& unusable) {
    report.problem = unusable.why;
    report.cut = unusable.cut;
  } catch (const nlohmann::json::exception&) {
    report.problem = "a line is not as expected";
  }
  return report;
}

}  // namespace workbook::report
