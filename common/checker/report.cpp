#include "common/checker/report.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "common/checker/device_matchers.h"
#include "common/checker/spawn_worker.h"
#include "common/system/utf8.h"

namespace workbook {
namespace {

using Json = nlohmann::ordered_json;

/// A student's output may hold any bytes; JSON and terminals want text.
std::string printable(const std::string& text) { return system::printable(text, text.size()); }

constexpr std::size_t kShownOutput = 4096;

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

/// Each line behind a margin; a long one is broken at blanks, so that it reads on any terminal.
std::string indent(const std::string& text, const std::string& margin) {
  constexpr int kWidth = 74;
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    while (system::width(line) > kWidth) {
      const std::size_t blank = line.rfind(' ', kWidth);
      if (blank == std::string::npos || line.find_first_not_of(' ') > blank) break;
      result += margin + line.substr(0, blank) + "\n";
      line = "  " + line.substr(blank + 1);
    }
    result += margin + line + "\n";
  }
  return result;
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

void Report::begin(std::size_t tests) {
  write_line(report::run_line(options_.lesson, options_.plugin, options_.seed, tests));
}

void Report::add(const TestResult& result) {
  report::Result said;
  static_cast<report::Test&>(said) = result.test;
  said.verdict = result.verdict;
  said.message = joined(result.notes);
  said.remarks = result.remarks;
  said.output = printable(result.output);
  said.called = result.called;
  ++totals_.total;
  totals_.passed += result.verdict == Verdict::passed;
  totals_.but_for_counts += result.verified_but_for_counts();
  totals_.points += said.earned();
  totals_.max_points += said.points;
  if (!options_.on_gpu || !result.left_to_simulator) totals_.verdict = worse(totals_.verdict, result.verdict);

  Json more = {{"evidence", as_json(result.evidence)}, {"duration_s", result.duration_s}};
  if (!result.judged.empty()) more["judged"] = result.judged;
  if (!result.launches.empty()) more["launches"] = as_json(result.launches);
  if (options_.on_gpu)
    more["verified"] = result.verdict == Verdict::passed  ? "all"
                       : result.verified_but_for_counts() ? "values"
                                                          : "nothing";
  write_line(report::test_line(said, more));
  if (!options_.quiet) print(result);
}

void Report::print(const TestResult& result) {
  const bool passed = result.verdict == Verdict::passed;
  const bool calm = result.verdict == Verdict::not_started || result.verdict == Verdict::not_verifiable_here;
  const char* mark = passed ? "✓" : calm ? "○" : "✗";
  const char* color = !options_.color ? "" : passed ? "\033[32m" : calm ? "\033[33m" : "\033[31m";
  const char* plain = options_.color ? "\033[0m" : "";
  std::string line = std::string("  ") + color + mark + plain + " " + result.test.name;
  const bool but_for_counts = options_.on_gpu && result.verified_but_for_counts();
  const std::string said(but_for_counts ? "values are right; counts need the simulator" : spoken(result.verdict));
  if (!passed) line += std::string("   ") + color + said + plain;
  std::puts(line.c_str());
  if (passed)
    for (const std::string& remark : result.remarks) std::fputs(indent(remark, "      ").c_str(), stdout);
  if (options_.meter && result.evidence.cuda.counted)
    std::fputs(indent(printable(launch_table(result.evidence.cuda)), "      ").c_str(), stdout);
  if (!passed && !but_for_counts && result.verdict != Verdict::not_started)
    std::fputs((indent(printable(explanations_.of(result.test.name, result.notes)), "      ") + "\n").c_str(), stdout);
  // A passing test's output is noise unless somebody asks for it.
  if (!result.output.empty() && (options_.show_output || (!passed && result.verdict != Verdict::not_started))) {
    const bool cut = !options_.show_output && result.output.size() > kShownOutput;
    std::fputs("      your program printed:\n", stdout);
    std::fputs(indent(printable(result.output), "      | ").c_str(), stdout);
    if (cut) std::fputs("      (--show-output prints all of it)\n", stdout);
    std::fputs("\n", stdout);
  }
  std::fflush(stdout);
}

Verdict Report::end() {
  if (totals_.passed + totals_.but_for_counts == 0)
    totals_.verdict = worse(totals_.verdict, Verdict::not_verifiable_here);  // nothing was verified
  if (options_.on_gpu && !options_.quiet)
    std::printf("\n  %s: %d of %d tests, and %d more except for their counts.\n",
                options_.rehearse ? "Rehearsed without a GPU" : "Verified on the GPU", totals_.passed, totals_.total,
                totals_.but_for_counts);
  totals_.starting_s = seconds_spent_starting();
  write_line(report::end_line(totals_));
  return totals_.verdict;
}

}  // namespace workbook
