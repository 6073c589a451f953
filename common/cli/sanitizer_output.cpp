#include "common/cli/sanitizer_output.h"

#include <array>
#include <charconv>

#include <fmt/core.h>

#include "common/cli/system.h"
#include "common/system/text.h"

namespace workbook::cli {

namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

int number_at(std::string_view text, std::size_t at) {
  int number = 0;
  if (at < text.size()) std::from_chars(text.data() + at, text.data() + text.size(), number);
  return number;
}

/// The number after "file_name:" in `text`, or 0.
int line_in(std::string_view text, const std::string& file_name) {
  for (auto at = text.find(file_name + ":"); at != text.npos; at = text.find(file_name + ":", at + 1))
    if (at == 0 || text[at - 1] == '/' || text[at - 1] == ' ') return number_at(text, at + file_name.size() + 1);
  return 0;
}

/// The first line that contains `part`, from there on.
std::string_view from(const std::vector<std::string>& lines, std::string_view part) {
  for (const std::string& line : lines)
    if (const auto at = line.find(part); at != line.npos) return std::string_view(line).substr(at);
  return {};
}

/// "reads 4 bytes", "writes 1 byte"; without a size "reads memory".
std::string access(const std::vector<std::string>& report) {
  for (const auto& [mark, verb] : {std::pair{"READ of size ", "reads"}, {"WRITE of size ", "writes"}})
    if (const auto found = from(report, mark); !found.empty()) {
      const int size = number_at(found, std::string_view(mark).size());
      return fmt::format("{} {} byte{}", verb, size, size == 1 ? "" : "s");
    }
  return from(report, "caused by a WRITE").empty() ? "reads memory" : "writes memory";
}

/// "just past the end of a heap block of 24 bytes", from "is located 0 bytes to the right of 24-byte region".
std::string where_in_block(const std::vector<std::string>& report) {
  constexpr std::string_view kMark = "is located ";
  const std::string_view located = from(report, kMark);
  if (located.empty()) return "outside a heap block";
  const int distance = number_at(located, kMark.size());
  const auto dash = located.find("-byte region");
  const auto blank = located.rfind(' ', dash);
  const int size = dash == located.npos ? 0 : number_at(located, blank + 1);
  const bool after = contains(located, "to the right of") || contains(located, " after ");
  const std::string gap = distance == 0 ? "just" : fmt::format("{} bytes", distance);
  return fmt::format("{} {} a heap block of {} bytes", gap, after ? "past the end of" : "before the start of", size);
}

std::string reason_of(std::string_view kind, const std::vector<std::string>& report) {
  if (kind == "heap-buffer-overflow") return access(report) + ' ' + where_in_block(report);
  if (kind == "heap-use-after-free") return access(report) + " of memory that was freed before";
  if (contains(kind, "stack-buffer") || kind == "dynamic-stack-buffer-overflow")
    return access(report) + " outside a local array";
  if (kind == "global-buffer-overflow") return access(report) + " outside a global array";
  if (contains(kind, "stack-use-after")) return access(report) + " of a local variable that is gone";
  if (kind == "SEGV" && !from(report, "zero page").empty()) return access(report) + " through a null pointer";
  if (kind == "SEGV") return access(report) + " at an address where there is none";
  if (kind == "stack-overflow") return "runs out of stack: a recursion that never ends, or a local array too large";
  if (kind == "FPE") return "divides an integer by zero";
  if (kind == "negative-size-param") return "copies or fills a negative number of bytes";
  if (!from(report, "attempting double-free").empty()) return "frees the same memory twice";
  if (!from(report, "requested allocation size").empty()) return "asks for more memory than any machine has";
  return fmt::format("AddressSanitizer says {}", kind);
}

/// Notes the line of a judged file that `text` names, if there is one.
void find_place(Finding& finding, std::string_view text, const std::vector<std::string>& file_names) {
  for (const std::string& name : file_names)
    if (const int line = line_in(text, name); line != 0) finding.file = name, finding.line = line;
}

/// The report of AddressSanitizer whose lines start at `report[0]`.
Finding address_finding(std::string_view kind, const std::vector<std::string>& report,
                        const std::vector<std::string>& file_names) {
  Finding finding{.reason = reason_of(kind, report), .file = {}};
  for (std::size_t i = 1; i < report.size() && !report[i].empty() && finding.line == 0; ++i)
    if (trimmed(report[i]).starts_with('#')) find_place(finding, report[i], file_names);
  return finding;
}

}  // namespace

std::optional<Finding> sanitizer_finding(std::string_view text, const std::vector<std::string>& file_names) {
  constexpr std::string_view kAddress = "ERROR: AddressSanitizer: ";
  constexpr std::string_view kUndefined = ": runtime error: ";
  const std::vector<std::string> lines = split_lines(text);
  std::optional<Finding> elsewhere;
  for (auto line = lines.begin(); line != lines.end(); ++line) {
    if (const auto at = line->find(kUndefined); at != line->npos) {
      Finding finding{.reason = line->substr(at + kUndefined.size()), .file = {}};
      find_place(finding, std::string_view(*line).substr(0, at), file_names);
      if (finding.line != 0) return finding;
      if (!elsewhere) elsewhere = std::move(finding);
    }
    const auto at = line->find(kAddress);
    if (at == line->npos) continue;
    const std::string_view rest = std::string_view(*line).substr(at + kAddress.size());
    const std::string_view kind = rest.substr(0, rest.find_first_of(" :"));
    Finding finding = address_finding(kind, {line, lines.end()}, file_names);
    if (finding.line != 0 || !elsewhere) return finding;
  }
  return elsewhere;
}

}  // namespace workbook::cli
