#include "common/system/utf8.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

namespace workbook::system {

CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {};
  char32_t value = first & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3f);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest.at(length) || value > 0x10ffff || surrogate) return {};
  return {value, length};
}

int width(std::string_view text) {
  return static_cast<int>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string printable(std::string_view text, std::size_t most) {
  std::string clean;
  while (!text.empty()) {
    const auto [value, length] = decode(text);
    if (clean.size() + length > most) return clean + "\n... (cut)\n";
    const bool control = (value < 0x20 && value != '\n' && value != '\t') || (value >= 0x7f && value < 0xa0);
    clean += control || length == 0 ? "?" : std::string(text.substr(0, length));
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return clean;
}

namespace {

/// Whether a reader sees just this: no control, nothing invisible, nothing that turns the text around, no private sign,
/// and no accent apart from its letter, which would look like the one sign for both.
bool shows_itself(char32_t value) {
  constexpr std::pair<char32_t, char32_t> kOthers[]{
      {0x00, 0x1f},     {0x7f, 0xa0},     {0xad, 0xad},     {0x300, 0x36f},   {0x61c, 0x61c},   {0x115f, 0x1160},
      {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3164, 0x3164},
      {0xe000, 0xf8ff}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xffff}, {0xe0000, 0x10ffff}};
  return std::ranges::none_of(kOthers,
                              [&](const auto& range) { return range.first <= value && value <= range.second; });
}

}  // namespace

std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 160;
  std::string result = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const auto [value, length] = decode(text.substr(at));
    const std::size_t taken = std::max<std::size_t>(1, length);
    if (at + taken > kMost) return result + "...\"";
    if (length != 0 && shows_itself(value))
      result += text.substr(at, taken);
    else
      for (const char byte : text.substr(at, taken))
        result += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    at += taken;
  }
  return result + '"';
}

}  // namespace workbook::system
