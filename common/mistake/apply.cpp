/// mistake_apply MISTAKE.diff FOLDER SOLUTION...: writes the wrong solution, all its files, into the folder. The build
/// makes every mistake with it.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "common/mistake/mistake.h"

namespace {

namespace mistake = workbook::mistake;

std::optional<std::string> content_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

int fail(const std::string& file, const char* what) {
  std::fprintf(stderr, "%s: %s\n", file.c_str(), what);
  return 1;
}

int write(const std::filesystem::path& folder, const mistake::Sources& wrong) {
  std::error_code told_when_writing;
  std::filesystem::create_directories(folder, told_when_writing);
  for (const auto& [name, content] : wrong) {
    std::ofstream out(folder / name, std::ios::binary);
    out << content;
    if (!out.flush()) return fail((folder / name).string(), "cannot be written");
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: mistake_apply MISTAKE.diff FOLDER SOLUTION...\n", stderr);
    return 2;
  }
  const auto text = content_of(argv[1]);
  if (!text) return fail(argv[1], "cannot be read");
  mistake::Sources solution;
  for (int i = 3; i < argc; ++i) {
    const auto content = content_of(argv[i]);
    if (!content) return fail(argv[i], "cannot be read");
    solution[std::filesystem::path(argv[i]).filename()] = *content;
  }
  try {
    return write(argv[2], mistake::apply(mistake::parse(*text).diff, solution));
  } catch (const mistake::Malformed& error) {
    return fail(argv[1], error.what());
  }
}
