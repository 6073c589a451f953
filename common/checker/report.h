#pragma once
/// What a run says: lines for a person on stdout, one JSON object per line in the report file.

#include <cstdio>
#include <string>
#include <vector>

#include "common/checker/session.h"

namespace workbook {

/// A test as the checker's list has it.
struct TestInfo {
  std::string id;  ///< "04_grouped_query/keeps-the-copies-together"
  std::string name;
  std::vector<std::string> tags;
  std::string group;     ///< basic, advanced or hidden
  std::string function;  ///< the contract function it is about
  int points = 0;
  std::string file;
  std::size_t line = 0;
};

struct TestResult {
  TestInfo test;
  Verdict verdict = Verdict::passed;
  std::vector<Note> notes;
  std::vector<std::string> remarks;  ///< what a passing test has to show
  Evidence evidence;                 ///< of the last call
  std::vector<CudaLaunch> launches;  ///< of all calls, if the test is tagged [ncu]: they are compared with a GPU's
  std::string output;
  double duration_s = 0;
  std::size_t held = 0;            ///< assertions that held
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
TestInfo describe_test(const std::string& lesson, std::string name, std::vector<std::string> tags, std::string file,
                       std::size_t line);

/// JSON array of the tests.
std::string list_as_json(const std::vector<TestInfo>& tests);

class Report {
 public:
  explicit Report(ReportOptions options);  ///< @throws std::runtime_error if the file cannot be written
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  void begin(std::size_t tests);
  void add(const TestResult& result);
  std::size_t tests_reported() const { return total_; }
  /// Writes the end; returns the gravest verdict, which for no tests at all is not_verifiable_here.
  Verdict end();

 private:
  void write_line(const std::string& json);
  void print(const TestResult& result);

  ReportOptions options_;
  std::FILE* file_ = nullptr;
  std::size_t passed_ = 0, but_for_counts_ = 0, total_ = 0;
  int points_ = 0, max_points_ = 0;
  Verdict verdict_ = Verdict::passed;
};

}  // namespace workbook
