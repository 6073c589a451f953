#include <sys/stat.h>

#include <fmt/core.h>

#include "common/grading/judging/lesson_build.h"
#include "common/system/errors.h"

namespace workbook::grading {
namespace {

/// `word` with the folder `from`, at whatever place it stands, replaced by `to`.
std::string moved(std::string word, const std::string& from, const std::string& to) {
  for (auto at = word.find(from); at != word.npos; at = word.find(from, at + to.size())) {
    const std::size_t end = at + from.size();
    if (end == word.size() || word[end] == '/')
      word.replace(at, from.size(), to);
    else
      return word;
  }
  return word;
}

}  // namespace

Stage::Stage(workspace::Workspace workspace) : workspace_(std::move(workspace)) {
  // It holds nothing of students, and the user of every sandbox must be able to read it.
  chmod(folder().c_str(), 0755);
}

std::string Stage::translated(std::string word) const {
  // The build usually lies in the tree, so it goes first.
  word = moved(std::move(word), workspace_.build.string(), "@BUILD@");
  word = moved(std::move(word), workspace_.root.string(), (folder() / "src").string());
  return moved(std::move(word), "@BUILD@", (folder() / "build").string());
}

void Stage::add(const fs::path& file) {
  const fs::path to = translated(file.string());
  if (to == file) throw system::Error(fmt::format("expected a file of the workbook; found {}", file.string()));
  if (fs::exists(to)) return;
  fs::create_directories(to.parent_path());
  std::error_code error;
  if (!fs::copy_file(file, to, error))
    throw system::Error(fmt::format("cannot copy {}: {}", file.string(), error.message()));
  // Whoever owns the tree, a sandbox's user must be able to read its copy.
  chmod(to.c_str(), 0755);
}

void Stage::add_headers(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    if (entry.is_directory() && entry.path().filename() != "tests") add_headers(entry.path());
    if (extension == ".h" || extension == ".cuh" || extension == ".inc") add(entry.path());
  }
}

}  // namespace workbook::grading
