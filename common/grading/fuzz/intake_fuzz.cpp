/// Intake against bytes that nobody thought of: an archive, or an export's metadata and the names beside it.

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
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

/// The lines are names beside each other, folders' with a slash at the end, and an export's metadata. Every entry is
/// somebody's or gets a remark, and nobody has those of two people; what macOS adds beside others has one together.
void read_names(const std::string& text) {
  std::map<std::string, EntryKind> kinds;
  for (const std::string& line : workbook::system::split_lines(text)) {
    const bool folder = line.ends_with('/');
    const std::string name = line.substr(0, std::min<std::size_t>(255, line.size() - (folder ? 1 : 0)));
    if (!name.empty() && name.find('/') == name.npos && name.find('\0') == name.npos)
      kinds[name] = folder ? EntryKind::folder : EntryKind::file;
  }
  std::vector<Entry> entries;
  for (const auto& [name, kind] : kinds) entries.push_back({name, kind});
  ExportMetadata metadata = parse_export_metadata(text);
  for (const auto& [name, kind] : kinds)
    if (name.ends_with(".txt")) metadata[name] = parse_note(text);
  const Roster roster = assign(entries, metadata, kAllowed);
  std::set<std::string> told;  // of whom
  for (const auto& [student, pieces] : roster.students) {
    for (const Piece& piece : pieces) {
      told.insert(not_a_submission(piece.entry.name, ""));
      if (piece.platform != pieces.front().platform || piece.owner != pieces.front().owner) std::abort();
    }
    if (student.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") !=
        std::string::npos)
      std::abort();
  }
  for (const std::string& remark : roster.remarks)
    for (auto at = remark.find(", "); at != remark.npos; at = remark.find(", ", at + 1))
      told.insert(remark.substr(0, at + 2));
  for (const auto& [name, kind] : kinds) {
    const bool added = kind == EntryKind::file && name.starts_with("._") && kinds.contains(name.substr(2));
    if (!added && !told.contains(not_a_submission(name, ""))) std::abort();
  }
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
  std::vector<std::string> seeds{
      "nsubmission_7\n---\nsubmission_7:\n  :submitters:\n  - :name: A\n    :sid: '1'\n",
      "ndoejane_LATE_11_901_submission-2.zip",
      "n1-2 - Jane Doe - Feb 9, 2026 1130 PM",
      "nHW_jdoe_attempt_2026-03-01-10-00-00_f.zip\nHW_j_doe_attempt_2026-03-01-10-00-00.txt",
      "nanon_aB3x9_903_f.cpp\no_neil_11_901_f.cpp\nann (1).zip\nann.zip\ndoejane_1_text.html",
      "nsubmission_7/\nsubmission_8/\nsubmission_7:\n  :submitters:\n  - :name: A\n"
      "  - :name: B\nsubmission_8:\n  :submitters:\n  - :name: B\n",
      "nA B_12_assignsubmission_file_/",
      "n__MACOSX/\n._a.zip\na.zip\n._b\nb/\n.DS_Store\nindex.html\nThumbs.db\n",
      "n__MACOSX\n._a.zip/\n._c\n.DS_Store/\nindex.html/\nsubmission_metadata.yml/"};
  for (const char* format : {"zip", "zip-stored", "tar", "tar.gz", "tar.bz2", "tar.xz"})
    seeds.push_back(pack(format, {{"lessons/01_first/first.cpp", "int x;"}, {"manifest.json", "{\"files\": []}"}}));
  const std::string utf16("i\0n\0t\0 \0x\0;\0", 12);
  seeds.push_back(marked_as_utf8(pack("zip", {{"\xc3\x9c"
                                               "bung/first.cpp",
                                               utf16},
                                              {"\xff/second.cpp", "int x;"}})));
  seeds.push_back("nBjo\xcc\x88rn/\nBj\xc3\xb6rn.zip\n");
  for (const Hostile& hostile : hostile_archives())
    if (const std::string bytes = hostile.bytes(); bytes.size() < 20'000) seeds.push_back(bytes);
  return seeds;
}
