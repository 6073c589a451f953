/// mistake_apply SOLUTION MISTAKE.diff OUT: writes the wrong solution. The build makes every mistake with it.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>

#include "common/mistake/mistake.h"

namespace {

std::optional<std::string> content_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

int fail(const char* file, const char* what) {
  std::fprintf(stderr, "%s: %s\n", file, what);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: mistake_apply SOLUTION MISTAKE.diff OUT\n", stderr);
    return 2;
  }
  const auto solution = content_of(argv[1]), text = content_of(argv[2]);
  if (!solution) return fail(argv[1], "cannot be read");
  if (!text) return fail(argv[2], "cannot be read");
  try {
    const std::string wrong = workbook::mistake::apply(workbook::mistake::parse(*text).diff, *solution);
    std::ofstream out(argv[3], std::ios::binary);
    out << wrong;
    return out.flush() ? 0 : fail(argv[3], "cannot be written");
  } catch (const workbook::mistake::Malformed& error) {
    return fail(argv[2], error.what());
  }
}
