/// Intake against bytes that nobody thought of: an archive, or an export's metadata and the names beside it.

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "common/grading/fuzz/fuzz.h"
#include "common/grading/intake/collector.h"
#include "common/grading/intake/roster.h"
#include "common/grading/tests/hostile_archives.h"
#include "common/grading/tests/packer.h"
#include "common/system/text.h"

using namespace workbook::grading;

namespace {

const AllowedFiles kAllowed{{"01_first", {"first.cpp"}}, {"02_second", {"second.cpp"}}};

/// The limits hold whatever the archive says.
void take_archive(std::string_view bytes, const fs::path& folder) try {
  IntakeLimits limits = hostile_limits();
  limits.unpacked_bytes = 4 << 20;
  ArchiveReader archive(std::as_bytes(std::span(bytes)), limits);
  Collector collector(kAllowed, limits);
  collector.offer_all(archive);
  Submission submission;
  collector.finish(folder, submission);
  for (const auto& [lesson, file] : submission.files)
    if (fs::file_size(file) > limits.file_bytes || file.parent_path() != folder / lesson) std::abort();
} catch (const Refused&) {
}

/// The lines are names beside each other, and an export's metadata. Every entry is somebody's or gets a remark.
void read_names(const std::string& text) {
  std::set<std::string> names;
  std::size_t pages = 0, pieces = 0;
  for (const std::string& line : workbook::system::split_lines(text)) {
    const std::string name = line.substr(0, 255);
    if (!name.empty() && name.find('/') == name.npos && name.find('\0') == name.npos) names.insert(name);
  }
  std::vector<Entry> entries;
  for (const std::string& name : names) {
    entries.push_back({name, name.size() % 2 == 0 ? EntryKind::file : EntryKind::folder});
    pages += is_page(name) ? 1 : 0;
  }
  const Roster roster = assign(entries, parse_export_metadata(text), kAllowed);
  for (const auto& [student, theirs] : roster.students) {
    pieces += theirs.size();
    if (student.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") !=
        std::string::npos)
      std::abort();
  }
  // A number that two students have is told of beside that.
  const auto nobodys = std::ranges::count_if(
      roster.remarks, [](const std::string& remark) { return remark.starts_with("not a submission: "); });
  if (pages + pieces + static_cast<std::size_t>(nobodys) != entries.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch scratch;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size > 0 && data[0] == 'n')
    read_names(std::string(bytes.substr(1)));
  else
    take_archive(bytes, scratch.path());
  return 0;
}

std::vector<std::string> workbook::grading::fuzz_seeds() {
  std::vector<std::string> seeds{"nsubmission_7\n---\nsubmission_7:\n  :submitters:\n  - :name: A\n    :sid: '1'\n",
                                 "ndoejane_LATE_11_901_submission-2.zip", "n1-2 - Jane Doe - Feb 9, 2026 1130 PM",
                                 "nHW_jdoe_attempt_2026-03-01-10-00-00_f.zip", "nA B_12_assignsubmission_file_/"};
  for (const char* format : {"zip", "zip-stored", "tar", "tar.gz", "tar.bz2", "tar.xz"})
    seeds.push_back(pack(format, {{"lessons/01_first/first.cpp", "int x;"}, {"manifest.json", "{\"files\": []}"}}));
  for (const Hostile& hostile : hostile_archives())
    if (const std::string bytes = hostile.bytes(); bytes.size() < 20'000) seeds.push_back(bytes);
  return seeds;
}
