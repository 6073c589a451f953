#include "hostile_corpus.h"

#include <algorithm>
#include <fstream>

#include <fmt/core.h>

#include "common/report/verdict.h"
#include "common/system/json.h"

namespace workbook::grading {
namespace {

constexpr std::size_t kLongestLine = 512 << 10;

}  // namespace

std::vector<Attack> read_corpus(const fs::path& folder) {
  constexpr std::string_view kExpectation = "// Must get: ", kFence = "// The fence says: ";
  std::vector<Attack> attacks;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    std::string first, text;
    std::getline(file, first);
    text.assign(std::istreambuf_iterator<char>(file), {});
    const bool told = first.starts_with(kExpectation);
    const std::string verdicts = told ? first.substr(kExpectation.size()) : "";
    if (!verdict_named(verdicts.substr(0, verdicts.find(" or "))))
      throw system::Error(fmt::format("{}: expected the line \"// Must get: VERDICT [or VERDICT]\"; found {}",
                                      entry.path().string(), first));
    const bool fenced = text.starts_with(kFence);
    attacks.push_back({entry.path().stem(), entry.path(), verdicts,
                       fenced ? text.substr(kFence.size(), text.find('\n') - kFence.size()) : "",
                       text.find("// Beside another job.") != text.npos});
  }
  std::ranges::sort(attacks, {}, &Attack::name);
  return attacks;
}

Outcome read_report(const fs::path& report) {
  Outcome outcome{.verdict = "no end of the report"};
  std::ifstream file(report);
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded()) outcome.complaints.push_back("a line of the report is no JSON");
    if (line.size() > kLongestLine) outcome.complaints.push_back(fmt::format("a line has {} bytes", line.size()));
    if (!json.is_object()) continue;
    if (json.value("event", "") == "test") outcome.points += json.value("points", 0);
    if (json.value("event", "") == "end") outcome.verdict = json.value("verdict", "");
  }
  return outcome;
}

std::map<std::string, std::string> files_below(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    files[entry.path()] = fmt::format("{} {}", entry.is_regular_file() ? entry.file_size() : 0,
                                      entry.last_write_time().time_since_epoch().count());
  return files;
}

}  // namespace workbook::grading
