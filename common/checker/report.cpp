#include "common/checker/report.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "common/checker/device_matchers.h"
#include "common/checker/spawn_worker.h"
#include "common/system/terminal.h"
#include "common/system/text.h"
#include "common/system/utf8.h"

namespace workbook {
namespace {

using Json = nlohmann::ordered_json;

/// A student's output may hold any bytes; JSON and terminals want text.
std::string printable(const std::string& text) { return system::printable(text, text.size()); }

constexpr std::size_t kShownOutput = 4096;
constexpr int kAll = std::numeric_limits<int>::max();

std::string slug(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!text.empty() && text.back() != '-')
      text += '-';
  }
  while (text.ends_with('-')) text.pop_back();
  return text;
}

Json as_json(const GlobalTraffic& t) {
  return {{"bytes", t.bytes}, {"requests", t.requests}, {"sectors", t.sectors}, {"cold_sectors", t.cold_sectors}};
}

Json as_json(const SharedTraffic& t) {
  return {{"bytes", t.bytes}, {"requests", t.requests}, {"wavefronts", t.wavefronts}, {"ideal", t.ideal}};
}

/// The first of them: whatever made thousands, a report stays small.
Json as_json(const std::vector<CudaLaunch>& all) {
  constexpr std::size_t kMost = 128;
  Json launches = Json::array();
  for (const CudaLaunch& l : std::span(all).first(std::min(all.size(), kMost)))
    launches.push_back({{"kernel", l.kernel},
                        {"grid", l.grid},
                        {"block", l.block},
                        {"loads", as_json(l.loads)},
                        {"stores", as_json(l.stores)},
                        {"shared_loads", as_json(l.shared_loads)},
                        {"shared_stores", as_json(l.shared_stores)},
                        {"barriers", l.operations.barriers},
                        {"warp_collectives", l.operations.warp_collectives},
                        {"atomics", l.operations.atomics},
                        {"matrix_flop", l.operations.matrix_flop},
                        {"overlapped_flop", l.operations.overlapped_flop},
                        {"async_bytes", l.operations.async_bytes}});
  return launches;
}

Json as_json(const CudaEvidence& e) {
  return {{"counted", e.counted},
          {"faults", e.faults.size()},
          {"peak_bytes", e.peak_bytes},
          {"launches_in_all", e.launches.size()},
          {"launches", as_json(e.launches)}};
}

Json as_json(const Evidence& e) {
  Json json = {{"workspace_bytes", e.workspace()}, {"heap_peak_bytes", e.heap_peak},
               {"returned_bytes", e.returned},     {"kept_bytes", e.kept},
               {"stack_bytes", e.stack},           {"static_bytes", e.static_data},
               {"allocations", e.allocations},     {"inputs_modified", e.inputs_modified},
               {"threads_left", e.threads_left},   {"bytes_read", e.bytes_read}};
  if (e.cuda.simulated) json["device"] = as_json(e.cuda);
  return json;
}

}  // namespace

report::Test describe_test(const std::string& lesson, std::string name, std::vector<std::string> tags, std::string file,
                           std::size_t line) {
  report::Test test{.id = lesson + "/" + slug(name),
                    .name = std::move(name),
                    .group = "",
                    .function = "",
                    .tags = std::move(tags),
                    .file = std::move(file),
                    .line = line};
  for (const std::string& tag : test.tags) {
    if (tag == "basic" || tag == "advanced" || tag == "hidden")
      test.group = tag;
    else if (tag.ends_with("pt") && std::isdigit(static_cast<unsigned char>(tag[0])))
      test.points = std::stoi(tag);
    else if (test.function.empty() && tag != "count" && tag != "tsan" && tag != "sim" && tag != "gpu" && tag != "ncu" &&
             tag != "merged")
      test.function = tag;
  }
  return test;
}

Report::Report(ReportOptions options) : options_(std::move(options)) {
  if (options_.file.empty()) return;
  file_ = std::fopen(options_.file.c_str(), "we");
  if (!file_) throw std::runtime_error("cannot write the report " + options_.file);
}

Report::~Report() {
  if (file_) std::fclose(file_);
}

void Report::write_line(const std::string& json) {
  if (!file_) return;
  std::fputs((json + "\n").c_str(), file_);
  if (std::fflush(file_) != 0)
    throw std::runtime_error("cannot write the report " + options_.file + ": is the disk full?");
}

ToldTest told(const TestResult& result, const ReportOptions& options) {
  ToldTest test;
  report::Result said;
  static_cast<report::Test&>(said) = result.test;
  said.verdict = result.verdict;
  said.message = joined(result.notes);
  said.remarks = result.remarks;
  said.output = printable(result.output);
  said.called = result.called;
  Json more = {{"evidence", as_json(result.evidence)}, {"duration_s", result.duration_s}};
  if (!result.judged.empty()) more["judged"] = result.judged;
  if (!result.launches.empty()) more["launches"] = as_json(result.launches);
  if (options.on_gpu)
    more["verified"] = result.verdict == Verdict::passed  ? "all"
                       : result.verified_but_for_counts() ? "values"
                                                          : "nothing";
  test.line = report::test_line(said, more);
  test.result = std::move(said);
  test.notes = result.notes;
  if (options.meter && result.evidence.cuda.counted) test.launches = launch_table(result.evidence.cuda);
  test.but_for_counts = result.verified_but_for_counts();
  test.left_to_simulator = result.left_to_simulator;
  return test;
}

std::string to_json(const ToldTest& test) {
  Json notes = Json::array();
  for (const Note& note : test.notes) notes.push_back({{"verdict", name(note.verdict)}, {"text", note.text}});
  return Json{{"line", test.line},
              {"notes", notes},
              {"launches", test.launches},
              {"but_for_counts", test.but_for_counts},
              {"left_to_simulator", test.left_to_simulator}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

ToldTest told_test(const std::string& json) {
  const Json parts = Json::parse(json);
  ToldTest test{.line = parts.at("line"),
                .result = {},
                .notes = {},
                .launches = parts.at("launches"),
                .but_for_counts = parts.at("but_for_counts"),
                .left_to_simulator = parts.at("left_to_simulator")};
  test.result = report::read_result(test.line);
  for (const Json& note : parts.at("notes"))
    test.notes.push_back({verdict_named(note.at("verdict").get<std::string>()).value(), note.at("text")});
  return test;
}

void Report::begin(const std::vector<report::Test>& tests) {
  planned_ = tests.size();
  write_line(report::run_line(options_.lesson, options_.plugin, options_.seed, tests.size(),
                              options_.follow ? tests : std::vector<report::Test>()));
}

void Report::add(const ToldTest& test) {
  const report::Result& said = test.result;
  ++totals_.total;
  totals_.passed += said.verdict == Verdict::passed;
  totals_.but_for_counts += test.but_for_counts;
  totals_.points += said.earned();
  totals_.max_points += said.points;
  if (!options_.on_gpu || !test.left_to_simulator) totals_.verdict = worse(totals_.verdict, said.verdict);
  write_line(test.line);
  if (!options_.quiet) print(test);
}

/// The mark and the name; of a test that has not passed, how it ended.
std::string Report::headline(const ToldTest& test) const {
  const Verdict verdict = test.result.verdict;
  const bool passed = verdict == Verdict::passed;
  const bool calm = verdict == Verdict::not_started || verdict == Verdict::not_verifiable_here;
  const std::string color = !options_.color ? "" : passed ? "\033[32m" : calm ? "\033[33m" : "\033[31m";
  const std::string plain = options_.color ? "\033[0m" : "";
  std::string line = "  " + color + (passed ? "✓" : calm ? "○" : "✗") + plain + " " + test.result.name;
  const bool but_for_counts = options_.on_gpu && test.but_for_counts;
  const std::string said(but_for_counts ? "values are right; counts need the simulator" : spoken(verdict));
  return line + (passed ? "" : "   " + color + said + plain) + "\n";
}

/// Why the test has not passed, and what the implementation printed; or what a test has to show that has.
std::string Report::explained(const ToldTest& test) {
  const Verdict verdict = test.result.verdict;
  const bool passed = verdict == Verdict::passed, started = verdict != Verdict::not_started;
  std::string text;
  if (passed)
    for (const std::string& remark : test.result.remarks) text += system::indented(remark, "      ");
  if (!test.launches.empty()) text += system::indented(printable(test.launches), "      ");
  if (!passed && started && !(options_.on_gpu && test.but_for_counts))
    text += system::indented(printable(explanations_.of(test.result.name, test.notes)), "      ") + "\n";
  // A passing test's output is noise unless somebody asks for it.
  const std::string& output = test.result.output;
  if (!output.empty() && (options_.show_output || (!passed && started))) {
    const bool cut = !options_.show_output && output.size() > kShownOutput;
    text += "      your program printed:\n" + system::indented(output, "      | ");
    text += cut ? "      (--show-output prints all of it)\n\n" : "\n";
  }
  return text;
}

/// Each test has its line as soon as it has ended. What a failed one has to say comes below them all: there it is still
/// on the screen when the last one has ended.
void Report::print(const ToldTest& test) {
  const bool failed = is_failure(test.result.verdict);
  if (failed) failures_.push_back(test);
  if (!failed || planned_ > 1) std::fputs((headline(test) + (failed ? "" : explained(test))).c_str(), stdout);
  std::fflush(stdout);
}

void Report::print_failures() {
  constexpr int kSummary = 5;  // lines that follow
  const auto screen = system::terminal_size(stdout);
  int told = 0, rows = screen ? screen->rows - kSummary : kAll;
  for (const ToldTest& test : failures_) {
    const std::string text = headline(test) + explained(test);
    rows -= static_cast<int>(std::ranges::count(text, '\n'));
    if (told > 0 && options_.most_told < kAll && (told == options_.most_told || rows < 0)) break;
    std::fputs((told == 0 && planned_ > 1 ? "\n" + text : text).c_str(), stdout);
    ++told;
  }
  if (const std::size_t more = failures_.size() - static_cast<std::size_t>(told); more > 0)
    std::printf("  %zu more failed; --all tells why.\n", more);
  std::fflush(stdout);
}

Verdict Report::end() {
  if (totals_.passed + totals_.but_for_counts == 0)
    totals_.verdict = worse(totals_.verdict, Verdict::not_verifiable_here);  // nothing was verified
  if (!options_.quiet) print_failures();
  if (options_.on_gpu && !options_.quiet)
    std::printf("\n  %s: %d of %d tests, and %d more except for their counts.\n",
                options_.rehearse ? "Rehearsed without a GPU" : "Verified on the GPU", totals_.passed, totals_.total,
                totals_.but_for_counts);
  totals_.starting_s = seconds_spent_starting();
  write_line(report::end_line(totals_));
  return totals_.verdict;
}

}  // namespace workbook
