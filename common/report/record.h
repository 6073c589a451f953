#pragma once
/// What a checker says of an implementation, on its way between programs: the list of tests, and the report of a run.
///
/// A report is JSON Lines, one object for each event: `run`, then a `test` for each test, then `end`. It is written and
/// read here and nowhere else. Who reads it does not trust it: a report that a checker cannot have written is unusable.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/report/verdict.h"

namespace workbook::report {

/// A test as a checker lists it.
struct Test {
  std::string id;  ///< "04_grouped_query/keeps-the-copies-together"
  std::string name;
  std::string group;     ///< basic, advanced or hidden
  std::string function;  ///< the contract's function that it is about
  int points = 0;        ///< for passing it
  std::vector<std::string> tags;
  std::string file;
  std::size_t line = 0;

  bool hidden() const { return group != "basic" && group != "advanced"; }
  bool has_tag(std::string_view tag) const;
};

/// A test and what came of it.
struct Result : Test {
  Verdict verdict = Verdict::wrong;
  std::string message;               ///< may quote what the implementation produced
  std::vector<std::string> remarks;  ///< what a passing test has to show
  std::string output;                ///< what the implementation printed
  bool called = true;                ///< false: a function was not called again that timed out in earlier tests
  std::string json;                  ///< the whole line, if it was read: evidence, times and more

  int earned() const { return verdict == Verdict::passed ? points : 0; }
};

struct Report {
  std::vector<Result> tests;
  Verdict verdict = Verdict::wrong;  ///< of all together
  int passed = 0, total = 0, points = 0, max_points = 0;
  int but_for_counts = 0;  ///< on a GPU: more tests that passed except for their counts
  double starting_s = 0;   ///< spent on starting workers
  bool complete = false;   ///< it can be the checker's own, from `run` to `end`
  bool cut = false;        ///< it can be the checker's own as far as it goes: it has begun, and has no end
  std::string problem;     ///< why it is not complete, to follow "the report cannot be used: "
};

/// Reports and gradebooks know a test by its id, and Catch2 finds names in any case.
/// @throws std::runtime_error naming two tests with one id
void expect_different_ids(const std::vector<Test>& tests);

/// The list that `checker --list` prints.
std::string list_to_json(const std::vector<Test>& tests);
/// @throws std::runtime_error if it is no such list
std::vector<Test> list_from_json(std::string_view json);

/// Lines of a report, without their ends. `more`: members that other programs read, evidence say.
/// `planned`: its tests in the order of the lesson's files, if a reader wants to know them before they have ended.
std::string run_line(const std::string& lesson, const std::string& plugin, std::uint64_t seed, std::size_t tests,
                     const std::vector<Test>& planned = {});
std::string test_line(const Result& result, const nlohmann::ordered_json& more);
std::string end_line(const Report& totals);

/// Single lines, for those who follow a run. @throws std::exception if it is no such line
std::vector<Test> planned_tests(std::string_view run_line);
Result read_result(std::string_view test_line);

/// Reads what there is, up to the first line that cannot be the checker's own.
Report read_report(std::string_view text);

}  // namespace workbook::report
