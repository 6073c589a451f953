#include "common/grading/gradebook/store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <random>

#include <fmt/core.h>

#include "common/system/errors.h"
#include "common/system/sha256.h"
#include "common/workspace/workspace.h"

namespace workbook::grading {

namespace {

/// A folder that holds something else is not ours to fill.
void check_ours(const fs::path& out) {
  std::error_code error;
  if (!fs::exists(out, error) || fs::exists(out / "cache", error)) return;
  if (!fs::is_directory(out, error) || !fs::is_empty(out, error))
    throw system::Error(fmt::format("expected {} to be new, empty or results of an earlier run; found something else",
                                    workspace::shown(out)),
                        kExitUsage);
}

/// Results tell of students: a new folder of them is its owner's alone. One that is there is as its owner wants it.
void make_private(const fs::path& out) {
  std::error_code error;
  if (fs::exists(out, error)) return;
  fs::create_directories(out, error);
  fs::permissions(out, fs::perms::owner_all, error);
  if (error) throw system::Error(fmt::format("cannot make {}: {}", workspace::shown(out), error.message()));
}

std::uint64_t random_seed() {
  std::random_device entropy;
  return (std::uint64_t{entropy()} << 32) | entropy();
}

std::optional<std::uint64_t> parse_seed(const std::string& text) {
  unsigned long long seed = 0;
  int consumed = 0;
  if (std::sscanf(text.c_str(), "%llx\n%n", &seed, &consumed) != 1) return std::nullopt;
  return static_cast<std::size_t>(consumed) == text.size() ? std::optional<std::uint64_t>(seed) : std::nullopt;
}

}  // namespace

Timing& Timing::operator+=(const Timing& other) {
  compile += other.compile;
  run += other.run;
  return *this;
}

Store::Store(fs::path out) : cache_(fs::absolute(out) / "cache") {
  check_ours(out);
  make_private(out);
  lock_ = std::make_unique<system::FileLock>(cache_ / "lock");
  ::chmod(cache_.c_str(), 0700);
  if (!note("seed")) {
    const mode_t before = ::umask(0077);
    keep_note("seed", fmt::format("{:016x}\n", random_seed()));
    ::umask(before);
  }
  const auto seed = parse_seed(*note("seed"));
  if (!seed)
    throw system::Error(fmt::format("expected a seed in {}, found something else", workspace::shown(cache_ / "seed")));
  seed_ = *seed;
  std::error_code ignored;
  fs::remove_all(cache_ / "scratch", ignored);
  scratch_ = cache_ / "scratch" / std::to_string(::getpid());
  fs::create_directories(scratch_);
}

std::optional<LessonResult> Store::find(const std::string& key) const {
  const auto text = system::read_file(result_file(key));
  return text ? result_from_json(*text) : std::nullopt;
}

void Store::keep(const std::string& key, const LessonResult& result, const Timing& timing) {
  system::write_atomically(cache_ / "times" / key, fmt::format("{:.4f} {:.4f}\n", timing.compile, timing.run));
  system::write_atomically(result_file(key), to_json(result));
}

std::optional<Timing> Store::timing(const std::string& key) const {
  const auto text = system::read_file(cache_ / "times" / key);
  Timing timing;
  if (!text || std::sscanf(text->c_str(), "%lf %lf", &timing.compile, &timing.run) != 2) return std::nullopt;
  return timing;
}

std::string Store::secret_hash(const std::string& text) const {
  return system::sha256(fmt::format("{} {:x}", text, seed_));
}

std::optional<std::string> Store::note(const std::string& name) const { return system::read_file(cache_ / name); }

void Store::keep_note(const std::string& name, const std::string& content) {
  system::write_atomically(cache_ / name, content);
}

}  // namespace workbook::grading
