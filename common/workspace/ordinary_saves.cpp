#include "common/workspace/ordinary_saves.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "common/system/files.h"
#include "common/system/process.h"
#include "common/system/sha256.h"
#include "common/system/text.h"

namespace workbook::workspace {

namespace fs = std::filesystem;
using system::read_file;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

/// When a file was written, or nothing if there is none.
std::optional<std::int64_t> written(const fs::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return nanoseconds(found.st_mtim);
}

struct Input {
  std::string state;  ///< as stale_outputs.sh writes it: "size, written, changed"
  std::int64_t written = 0, changed = 0;
};

/// The names that the script's `inputs` takes. Should the two ever differ, the script runs.
bool is_input(std::string_view name) {
  static constexpr std::array<std::string_view, 13> kEndings{"h",     "cuh", "inc", "cpp", "cu",  "diff", "json",
                                                             "cmake", "txt", "in",  "sh",  "awk", "py"};
  const auto dot = name.rfind('.');
  if (dot == name.npos || std::ranges::any_of(name, [](unsigned char c) { return c < 32 || c == 127 || c == '\\'; }))
    return false;
  const std::string_view ending = name.substr(dot + 1);
  return ending == "js" || std::ranges::find(kEndings, ending) != kEndings.end();
}

std::string time_text(const timespec& time) { return fmt::format("{}.{:09}0", time.tv_sec, time.tv_nsec); }

/// The inputs by their paths from the root.
class Inputs {
 public:
  explicit Inputs(const fs::path& root) : root_(root) {
    for (const char* top : {"CMakeLists.txt", "CMakePresets.json", "common", "lessons", "solutions", "testcases"})
      add(top);
  }

  const std::map<std::string, Input>& files() const { return files_; }
  /// Of any file or folder.
  std::int64_t last_written() const { return last_written_; }

 private:
  void add(const std::string& path) {
    struct stat found {};
    if (::stat((root_ / path).c_str(), &found) != 0) return;
    if (S_ISDIR(found.st_mode)) {
      last_written_ = std::max(last_written_, nanoseconds(found.st_mtim));
      std::error_code ignored;
      for (const auto& entry : fs::directory_iterator(root_ / path, ignored))
        if (const std::string name = entry.path().filename(); !name.starts_with('.')) add(path + '/' + name);
    } else if (S_ISREG(found.st_mode) && is_input(fs::path(path).filename().string()) &&
               ::access((root_ / path).c_str(), R_OK) == 0) {
      last_written_ = std::max(last_written_, nanoseconds(found.st_mtim));
      files_[path] = {fmt::format("{} {} {}", found.st_size, time_text(found.st_mtim), time_text(found.st_ctim)),
                      nanoseconds(found.st_mtim), nanoseconds(found.st_ctim)};
    }
  }

  fs::path root_;
  std::map<std::string, Input> files_;
  std::int64_t last_written_ = 0;
};

/// Lines "path TAB state", or "hash  path", by path; nothing if the file is not there.
std::optional<std::map<std::string, std::string>> read_lines(const fs::path& file, std::string_view between,
                                                             bool path_first) {
  const auto text = read_file(file);
  if (!text) return std::nullopt;
  std::map<std::string, std::string> lines;
  for (const std::string& line : system::split_lines(*text)) {
    const auto middle = line.find(between);
    if (middle == line.npos) return std::nullopt;
    std::string first = line.substr(0, middle), second = line.substr(middle + between.size());
    if (!path_first) std::swap(first, second);
    lines[std::move(first)] = std::move(second);
  }
  return lines;
}

std::string lines_of(const std::map<std::string, std::string>& entries, const char* format) {
  std::string text;
  for (const auto& [path, value] : entries) text += fmt::format(fmt::runtime(format), path, value);
  return text;
}

/// Whole or not at all, as the script does it: after a loss of power the build begins anew anyway.
void replace(const fs::path& file, const std::string& content) {
  const fs::path next = file.string() + ".new";
  std::ofstream(next, std::ios::binary) << content;
  fs::rename(next, file);
}

/// CMake's compiler, as CMakeCache.txt has it.
fs::path compiler_of(const fs::path& build) {
  const std::string cache = read_file(build / "CMakeCache.txt").value_or("");
  const auto at = cache.find("\nCMAKE_CXX_COMPILER:");
  if (at == cache.npos) return {};
  const auto from = cache.find('=', at) + 1;
  return cache.substr(from, cache.find('\n', from) - from);
}

/// It may be another behind the same links, and older than the one before.
bool is_the_same_compiler(const fs::path& build) {
  const fs::path compiler = compiler_of(build);
  const auto program = read_file(compiler);
  return program &&
         read_file(build / "inputs.compiler") == fmt::format("{}  {}\n", system::sha256(*program), compiler.string());
}

}  // namespace

bool only_ordinary_saves(const fs::path& root, const fs::path& build) {
  const auto built = written(build / "inputs.built"), cmake = written(system::find_program("cmake"));
  const auto states = read_lines(build / "inputs.states", "\t", true);
  auto hashes = read_lines(build / "inputs.hashes", "  ", false);
  if (!built || !cmake || !states || !hashes || !is_the_same_compiler(build)) return false;

  const std::int64_t limit =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count() +
      2 * kSecond;
  if (*cmake > limit) return false;
  for (const char* made : {"build.ninja", ".ninja_log", "inputs.states"})
    if (const auto time = written(build / made); !time || *time > limit) return false;

  const Inputs inputs(root);
  if (inputs.last_written() > limit || inputs.files().size() != states->size()) return false;
  std::map<std::string, std::string> now;
  std::vector<std::string> saved;
  for (const auto& [path, input] : inputs.files()) {
    const auto before = states->find(path);
    if (before == states->end()) return false;
    now[path] = input.state;
    if (before->second == input.state) continue;
    if (input.written <= *built || input.changed <= *built || input.changed - input.written > 2 * kSecond) return false;
    saved.push_back(path);
  }
  for (const std::string& path : saved) {
    const auto content = read_file(root / path);
    if (!content) return false;
    (*hashes)[path] = system::sha256(*content);
  }
  if (!saved.empty()) {
    replace(build / "inputs.hashes", lines_of(*hashes, "{1}  {0}\n"));
    replace(build / "inputs.states", lines_of(now, "{0}\t{1}\n"));
  }
  return ::unlink((build / "inputs.built").c_str()) == 0;
}

}  // namespace workbook::workspace
