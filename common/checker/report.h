#pragma once
/// What a run says: lines for a person on stdout, one JSON object per line in the report file.

#include <cstdio>
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
};

/// Reads group, function and points out of the tags; makes the id from the name.
report::Test describe_test(const std::string& lesson, std::string name, std::vector<std::string> tags, std::string file,
                           std::size_t line);

class Report {
 public:
  explicit Report(ReportOptions options);  ///< @throws std::runtime_error if the file cannot be written
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  void begin(std::size_t tests);
  void add(const TestResult& result);
  std::size_t tests_reported() const { return static_cast<std::size_t>(totals_.total); }
  /// Writes the end; returns the gravest verdict, which for no tests at all is not_verifiable_here.
  Verdict end();

 private:
  void write_line(const std::string& json);
  void print(const TestResult& result);

  ReportOptions options_;
  std::FILE* file_ = nullptr;
  Explanations explanations_;
  report::Report totals_{.tests = {}, .verdict = Verdict::passed, .problem = {}};
};

}  // namespace workbook
