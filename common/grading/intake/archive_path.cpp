#include "common/grading/intake/archive_path.h"

#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include "common/system/utf8.h"

namespace workbook::grading {

namespace {

constexpr std::size_t kLongestPath = 1024, kDeepestPath = 32;

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = system::decode(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// Some zips of Windows have backslashes between folders. In a name that is no UTF-8, one after a byte that is no
/// ASCII is the second half of a Japanese or Chinese character.
void unify_separators(std::string& path) {
  const bool halves = !is_utf8(path);
  for (std::size_t i = 0; i < path.size(); ++i)
    if (path[i] == '\\' && !(halves && i > 0 && static_cast<unsigned char>(path[i - 1]) >= 0x80)) path[i] = '/';
}

}  // namespace

std::vector<std::string> safe_parts(std::string path) {
  const auto refuse = [&](const char* why) {
    throw BadEntry(fmt::format("expected plain paths, found {}: {}", why, system::quoted(path)));
  };
  if (path.empty()) throw BadEntry("whose name cannot be read");
  if (path.size() > kLongestPath) refuse("a very long one");
  unify_separators(path);
  if (path.front() == '/' || (path.size() > 1 && path[1] == ':')) refuse("an absolute one");
  std::vector<std::string> parts;
  std::istringstream in(path);
  for (std::string part; std::getline(in, part, '/');) {
    if (part == "..") refuse("one that leads upward");
    if (!part.empty() && part != ".") parts.push_back(part);
  }
  if (parts.size() > kDeepestPath) refuse("one through too many folders");
  return parts;
}

}  // namespace workbook::grading
