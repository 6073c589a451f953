#include "common/system/keys.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/system/utf8.h"

namespace workbook::system {

namespace {

/// A sequence that a terminal sends for a key, from its "\033" on: how long it is, 0 if it is not complete.
std::size_t length_of_sequence(std::string_view bytes) {
  if (bytes.size() < 2) return 0;
  if (bytes[1] == 'O') return bytes.size() < 3 ? 0 : 3;
  if (bytes[1] != '[') return 1;  // Esc, then another key
  for (std::size_t i = 2; i < bytes.size(); ++i)
    if (bytes[i] >= 0x40 && bytes[i] <= 0x7e) return i + 1;
  return 0;
}

Key::Name named(std::string_view sequence) {
  using enum Key::Name;
  constexpr std::pair<std::string_view, Key::Name> kNames[]{
      {"[A", up},   {"OA", up},    {"[B", down},  {"OB", down}, {"[5~", page_up}, {"[6~", page_down}, {"[H", home},
      {"OH", home}, {"[1~", home}, {"[7~", home}, {"[F", end},  {"OF", end},      {"[4~", end},       {"[8~", end}};
  for (const auto& [bytes, name] : kNames)
    if (sequence.substr(1) == bytes) return name;
  return sequence == "\033" ? escape : unknown;
}

}  // namespace

std::vector<Key> decode_keys(std::string& bytes) {
  std::vector<Key> keys;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::string_view rest = std::string_view(bytes).substr(at);
    std::size_t length = 1;
    if (rest[0] == '\033') {
      length = length_of_sequence(rest);
      if (length == 0) break;
      keys.push_back({named(rest.substr(0, length))});
    } else if (const CodePoint point = decode(rest); point.length == 1) {
      keys.push_back({Key::Name::character, rest[0]});
    } else {
      length = std::max<std::size_t>(1, point.length);
      keys.push_back({Key::Name::unknown});
    }
    at += length;
  }
  bytes.erase(0, at);
  return keys;
}

}  // namespace workbook::system
