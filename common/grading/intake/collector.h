#pragma once
/// Decides, entry by entry, what of a student's hand-in is taken. It sees names and bytes and touches no file system.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/grading/intake/archive_reader.h"
#include "common/grading/intake/intake.h"
#include "common/grading/intake/layouts.h"

namespace workbook::grading {

class Collector {
 public:
  Collector(const AllowedFiles& allowed, const IntakeLimits& limits) : allowed_(&allowed), limits_(limits) {}

  /// The content of the entry at hand, or nothing if it is larger than that.
  using Content = std::function<std::optional<std::string>(std::uint64_t most)>;

  /// What is offered from now on lies in this entry of the class's folder. Of several with one name of the student's,
  /// which are its versions, the last one opened counts.
  void open(const std::string& piece, const std::string& file) { piece_ = piece, file_ = file; }

  /// Takes or leaves one entry. @throws Refused for what no honest hand-in holds.
  void offer(const ArchiveEntry& entry, const Content& content);

  /// Does a lesson name such a file, in whatever case?
  static bool names(const AllowedFiles& allowed, const std::string& file);

  /// Offers every entry of an archive. @throws Refused
  void offer_all(ArchiveReader& archive);

  /// What was found instead of anything that could be taken: "only "build/a.cpp", and ... make "build"", or "none".
  std::string found_instead() const;

  /// Looks into an archive inside, if nothing else was found; compares with the manifest; writes the files to
  /// `folder`/<lesson id>/ and fills in files, refused_files, problems, sha256 and claimed_at.
  /// @throws Refused
  void finish(const fs::path& folder, Submission& submission);

 private:
  /// A file that a lesson names. `rank`: how much of the path is as in the workbook.
  struct Taken {
    int rank = 0;
    std::string piece, file, path, content, refused;
    std::string sha256 = {};  ///< as handed in
  };
  struct Inner {
    std::string piece, file, path, bytes;
    int depth;  // of archives around it
  };
  using Name = std::pair<std::string, std::string>;  // lesson id, file

  void take(const Name& name, int rank, const std::string& path, const Content& content);
  bool take_if_named(const std::string& path, const Content& content);
  void keep_inner_archive(const std::string& path, const Content& content);
  void unpack_inner_archives();
  void look_for_a_class(const Entry& top);
  void ignore(const std::string& path);
  void read_manifest(Submission& submission) const;
  void say_what_is_missing(const std::string& lesson);
  void say_what_was_ignored(Submission& submission) const;
  void say_what_was_aside(Submission& submission) const;

  const AllowedFiles* allowed_;
  IntakeLimits limits_;
  int depth_ = 0;  // of archives in one another, at the entry at hand
  std::uint64_t declared_ = 0;
  std::map<Name, Taken> taken_;
  std::optional<std::string> manifest_;
  std::string manifest_piece_;
  std::vector<Inner> archives_;
  struct Aside {
    std::string name, path, folder;
  };
  std::vector<Aside> aside_;  ///< lessons' files and archives in folders that builds and systems make
  std::string piece_, file_;
  std::vector<std::string> said_;  ///< remarks on what was taken
  Piece named_;                    ///< the first entry that a platform seems to have named
  std::size_t looked_at_ = 0;
  std::size_t offered_ = 0;
  std::vector<std::string> unread_;  ///< remarks on entries whose names cannot be read
  std::vector<std::string> ignored_;
  std::size_t ignored_count_ = 0;
};

}  // namespace workbook::grading
