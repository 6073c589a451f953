#pragma once
/// What a run says: lines for a person on stdout, one JSON object per line in the report file.

#include <cstdio>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "common/checker/explanations.h"
#include "common/checker/session.h"
#include "common/report/record.h"

namespace workbook {

/// A test as it ran here.
struct TestResult {
  report::Test test;
  Verdict verdict = Verdict::passed;
  std::vector<Note> notes;
  std::vector<std::string> remarks;  ///< what a passing test has to show
  Evidence evidence;                 ///< of the last call
  std::vector<CudaLaunch> launches;  ///< of all calls, if the test is tagged [ncu]: they are compared with a GPU's
  std::string output;
  double duration_s = 0;
  std::size_t held = 0;            ///< assertions that held
  bool called = true;              ///< false: a function was not called again that timed out in earlier tests
  std::set<std::string> judged;    ///< "flash_attention reads"
  bool left_to_simulator = false;  ///< it wanted what only the simulator has, and nothing worse happened

  /// On a GPU: everything but the counts, which only the simulator has.
  bool verified_but_for_counts() const { return left_to_simulator && held > 0; }
};

/// A test as it is told, in the process that ran it or in another.
struct ToldTest {
  std::string line;       ///< of the report
  report::Result result;  ///< what the line says
  std::vector<Note> notes;
  std::string launches;  ///< what each kernel launch loaded and stored, if that is asked for
  bool but_for_counts = false, left_to_simulator = false;
};

/// One line, and back. @throws std::exception if it is no such line
std::string to_json(const ToldTest& test);
ToldTest told_test(const std::string& json);

struct ReportOptions {
  std::string lesson;
  std::string plugin;
  std::uint64_t seed = 1;
  std::string file;  ///< empty: no report
  bool color = false;
  bool quiet = false;
  bool show_output = false;
  bool meter = false;     ///< what the CUDA simulator counted, too
  bool rehearse = false;  ///< no GPU ran anything
  bool on_gpu = false;    ///< what only the simulator has cannot be had: the verdict is that of the rest
  bool follow = false;    ///< the report names the tests in its first line
  int most_told = std::numeric_limits<int>::max();  ///< failures that are told in full, the others in a line each
};

ToldTest told(const TestResult& result, const ReportOptions& options);

/// Reads group, function and points out of the tags; makes the id from the name.
report::Test describe_test(const std::string& lesson, std::string name, std::vector<std::string> tags, std::string file,
                           std::size_t line);

class Report {
 public:
  explicit Report(ReportOptions options);  ///< @throws std::runtime_error if the file cannot be written
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  void begin(const std::vector<report::Test>& tests);
  void add(const TestResult& result) { add(told(result, options_)); }
  void add(const ToldTest& test);
  std::size_t tests_reported() const { return static_cast<std::size_t>(totals_.total); }
  /// Writes the end; returns the gravest verdict, which for no tests at all is not_verifiable_here.
  Verdict end();

 private:
  void write_line(const std::string& json);
  void print(const ToldTest& test);
  std::string headline(const ToldTest& test) const;
  std::string explained(const ToldTest& test);
  void print_failures();

  ReportOptions options_;
  std::FILE* file_ = nullptr;
  Explanations explanations_;
  std::vector<ToldTest> failures_;
  std::size_t planned_ = 0;
  report::Report totals_{.tests = {}, .verdict = Verdict::passed, .problem = {}};
};

}  // namespace workbook
