#pragma once
/// What a grading run keeps between runs, in OUT/cache: the secret seed, results by key, what was reported last.
///
/// A result is written whole or not at all, under a key of everything it depends on. So a run that was killed goes on
/// where it was, work that nothing changed about is not done twice, and nothing has to be invalidated.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/grading/gradebook/scoring.h"
#include "common/system/files.h"

namespace workbook::grading {

namespace fs = std::filesystem;

/// Where the time of one grading went. Kept apart from results, which are the same on every run.
struct Timing {
  double compile = 0, run = 0;  ///< seconds, the sandbox's included
  double total() const { return compile + run; }
  Timing& operator+=(const Timing& other);
};

class Store {
 public:
  /// Takes the one lock of `out`, makes the seed if there is none, and clears what a killed run left.
  /// @throws system::Error if `out` cannot be written or is no folder of results.
  explicit Store(fs::path out);

  /// Hex digits that nobody can foretell without the class's secret seed, which is readable by the owner only.
  std::string secret_hash(const std::string& text) const;

  /// An empty folder for this run's own files; whoever opens the store next removes it.
  const fs::path& scratch() const { return scratch_; }

  std::optional<LessonResult> find(const std::string& key) const;
  void keep(const std::string& key, const LessonResult& result, const Timing& timing);
  std::optional<Timing> timing(const std::string& key) const;

  /// The content of OUT/cache/`name`, if any.
  std::optional<std::string> note(const std::string& name) const;
  void keep_note(const std::string& name, const std::string& content);

 private:
  fs::path result_file(const std::string& key) const { return cache_ / "results" / (key + ".json"); }

  fs::path cache_, scratch_;
  std::unique_ptr<system::FileLock> lock_;
  std::uint64_t seed_ = 0;
};

}  // namespace workbook::grading
