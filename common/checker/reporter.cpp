/// Follows Catch2 through the test cases: a fresh session for each, and its verdict at the end. Everything that
/// differs between Catch2 2.13 and 3.x is in this file.

#include "common/checker/reporter.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include "common/checker/catch.h"
#include "common/checker/run_catch.h"
#include "common/checker/session.h"

#if WORKBOOK_CATCH == 3
#include <catch2/interfaces/catch_interfaces_registry_hub.hpp>
#include <catch2/interfaces/catch_interfaces_testcase.hpp>
#include <catch2/reporters/catch_reporter_streaming_base.hpp>
#endif

namespace workbook {
namespace {

CheckerRun* run = nullptr;

std::uint64_t seed_of(std::uint64_t seed, const std::string& test) {
  std::uint64_t hash = 14695981039346656037ull ^ seed;  // FNV-1a
  for (const char c : test) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return hash;
}

report::Test info_of(const Catch::TestCaseInfo& info) {
  std::vector<std::string> tags;
#if WORKBOOK_CATCH == 3
  for (const auto& tag : info.tags) tags.emplace_back(static_cast<std::string>(tag.original));
#else
  tags = info.tags;
#endif
  return describe_test(run->lesson, info.name, tags, info.lineInfo.file, info.lineInfo.line);
}

/// ".../student.so" -> ".../student.count.so"
std::string flavour_of(std::string plugin, const std::string& flavour) {
  const auto dot = plugin.rfind(".so");
  return dot == std::string::npos || flavour.empty() ? plugin : plugin.insert(dot, "." + flavour);
}

bool tagged(const report::Test& test, const char* tag) {
  return std::find(test.tags.begin(), test.tags.end(), tag) != test.tags.end();
}

/// The worker with ThreadSanitizer, beside the usual one. In grading there is none: it reserves terabytes of addresses,
/// which no limit on memory goes with. A [tsan] test is then one like any other.
std::string worker_for_races(const RunOptions& options) { return options.worker + ".tsan"; }
bool can_run(const std::string& program) { return ::access(program.c_str(), X_OK) == 0; }

/// The flavour that a test wants: by a tag of its name. A [sim] test runs in the simulator's plain flavour, uncounted.
std::string wanted_flavour(const report::Test& test, const RunOptions& options) {
  if (options.on_gpu || tagged(test, "gpu")) return options.rehearse ? "sim" : "gpu";
  if (options.in_process) return {};  // the debugger's own
  for (const char* flavour : {"count", "sim"})
    if (tagged(test, flavour)) return flavour;
  return tagged(test, "tsan") && can_run(worker_for_races(options)) ? "tsan" : "";
}

/// What INFO said on the way to this assertion. Catch2 2.13 lists the assertion's own message there, too.
std::string infos_of(const Catch::AssertionStats& stats) {
  const auto own = static_cast<std::string>(stats.assertionResult.getMessage());
  std::string text;
  for (const auto& message : stats.infoMessages)
    if (message.message != own) text += "\n" + static_cast<std::string>(message.message);
  return text;
}

std::string text_of(const Catch::AssertionStats& stats) {
  const auto& result = stats.assertionResult;
  std::string text;
  if (result.hasExpression()) {
    text = static_cast<std::string>(result.getExpressionInMacro());
    if (result.hasExpandedExpression()) text += "\n  with  " + static_cast<std::string>(result.getExpandedExpression());
  }
  if (result.getResultType() == Catch::ResultWas::DidntThrowException)
    text += "\n  returned, where an exception is expected";
  if (result.hasMessage()) text += (text.empty() ? "" : "\n") + static_cast<std::string>(result.getMessage());
  return text + infos_of(stats);
}

class Follower {
 public:
  void begin_test(const Catch::TestCaseInfo& info) {
    test_ = info_of(info);
    RunOptions options = run->options;
    const std::string flavour = wanted_flavour(test_, options);
    options.plugin = flavour_of(options.plugin, flavour);
    if (flavour == "tsan") options.worker = worker_for_races(options);
    if (options.on_gpu || tagged(test_, "gpu")) options = for_gpu(options);
    set_session(std::make_unique<Session>(options, run->contract, seed_of(run->seed, test_.name), &run->timeouts));
    if (flavour == "gpu" && !machine_has_gpu())
      session().refuse({Verdict::not_verifiable_here, "this needs a GPU, and none was found"});
    else if (flavour == "gpu" && ::access(options.plugin.c_str(), R_OK) != 0)
      session().refuse({Verdict::not_verifiable_here, "this needs nvcc, and none was found when it was built"});
    assertions_ = held_ = 0;
    started_ = std::chrono::steady_clock::now();
  }

  void end_assertion(const Catch::AssertionStats& stats) {
    ++assertions_;
    const auto explanation = session().take_explanation();
    if (stats.assertionResult.isOk()) {
      ++held_;
      return;
    }
    if (explanation)
      session().note(explanation->verdict, explanation->text() + infos_of(stats));
    else if (!session().stopped())  // the Stopped exception that Catch reports was noted when it was thrown
      session().note(Verdict::wrong, session().last_call().text() + "\n" + text_of(stats));
  }

  void end_test() {
    if (assertions_ == 0 && session().notes().empty())
      session().note(Verdict::wrong, "this test asserted nothing, so it proves nothing");
    TestResult result{.test = test_,
                      .notes = session().notes(),
                      .remarks = session().remarks(),
                      .evidence = session().last_call().counts(),
                      .launches = tagged(test_, "ncu") ? session().launches() : std::vector<CudaLaunch>(),
                      .held = held_};
    for (const Note& note : result.notes) result.verdict = worse(result.verdict, note.verdict);
    result.called = !session().given_up();
    result.judged = session().judged();
    result.left_to_simulator = session().left_to_simulator() && result.verdict == Verdict::not_verifiable_here;
    result.output = session().output(run->shown_output);
    result.duration_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    set_session(nullptr);
    run->ended(result);
  }

 private:
  report::Test test_;
  std::size_t assertions_ = 0, held_ = 0;
  std::chrono::steady_clock::time_point started_;
};

#if WORKBOOK_CATCH == 3
struct Reporter : Catch::StreamingReporterBase {
  explicit Reporter(Catch::ReporterConfig&& config) : StreamingReporterBase(std::move(config)) {
    m_preferences.shouldReportAllAssertions = true;
  }
  static std::string getDescription() { return "verdicts of the workbook"; }
  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    StreamingReporterBase::testCaseStarting(info);
    follower.begin_test(info);
  }
  void assertionEnded(const Catch::AssertionStats& stats) override { follower.end_assertion(stats); }
  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    follower.end_test();
    StreamingReporterBase::testCaseEnded(stats);
  }
  Follower follower;
};
#else
struct Reporter : Catch::StreamingReporterBase<Reporter> {
  explicit Reporter(const Catch::ReporterConfig& config) : StreamingReporterBase(config) {
    m_reporterPrefs.shouldReportAllAssertions = true;
  }
  static std::string getDescription() { return "verdicts of the workbook"; }
  static std::set<Catch::Verbosity> getSupportedVerbosities() { return {Catch::Verbosity::Normal}; }
  void assertionStarting(const Catch::AssertionInfo&) override {}
  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    StreamingReporterBase::testCaseStarting(info);
    follower.begin_test(info);
  }
  bool assertionEnded(const Catch::AssertionStats& stats) override {
    follower.end_assertion(stats);
    return true;
  }
  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    follower.end_test();
    StreamingReporterBase::testCaseEnded(stats);
  }
  Follower follower;
};
#endif

CATCH_REGISTER_REPORTER("workbook", Reporter)

/// A Catch2 test specification for exactly these names.
std::string specification(const std::vector<report::Test>& chosen) {
  std::string spec;
  for (const report::Test& test : chosen) {
    std::string escaped;
    for (const char c : test.name)
      escaped += (std::string_view(",[]\"*\\").find(c) != std::string_view::npos ? "\\" : "") + std::string(1, c);
    spec += (spec.empty() ? "\"" : ",\"") + escaped + "\"";
  }
  return spec;
}

}  // namespace

CATCH_TRANSLATE_EXCEPTION(const Stopped& stopped) { return stopped.what(); }

bool loads_another_flavour(const report::Test& test) {
  return std::ranges::any_of(std::array{"count", "sim", "tsan", "gpu"},
                             [&](const char* flavour) { return tagged(test, flavour); });
}

std::vector<report::Test> all_tests(CheckerRun& checker) {
  run = &checker;
  std::vector<report::Test> tests;
  for (const auto& test : Catch::getRegistryHub().getTestCaseRegistry().getAllTests()) {
#if WORKBOOK_CATCH == 3
    tests.push_back(info_of(test.getTestCaseInfo()));
#else
    tests.push_back(info_of(test));
#endif
  }
  return tests;
}

void run_tests(CheckerRun& checker, const std::vector<report::Test>& tests) {
  run = &checker;
  const std::string catch_spec = specification(tests);
  const char* arguments[] = {"checker", "--reporter", "workbook", catch_spec.c_str()};
  run_catch(4, arguments);  // its exit code counts failed assertions; the report knows more
}

}  // namespace workbook
