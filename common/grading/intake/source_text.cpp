#include "common/grading/intake/source_text.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace workbook::grading {

namespace {

struct Encoding {
  const char* name;
  std::string_view mark;
};

using namespace std::string_view_literals;
constexpr std::array kMarked{Encoding{"UTF-8", "\xef\xbb\xbf"sv}, Encoding{"UTF-32LE", "\xff\xfe\0\0"sv},
                             Encoding{"UTF-32BE", "\0\0\xfe\xff"sv}, Encoding{"UTF-16LE", "\xff\xfe"sv},
                             Encoding{"UTF-16BE", "\xfe\xff"sv}};

/// Of UTF-16 without a mark, every second byte is zero where the text is ASCII; no source in UTF-8 has such a byte.
Encoding unmarked(std::string_view bytes) {
  constexpr std::size_t kLooked = 64, kLeast = 8;
  const std::string_view front = bytes.substr(0, std::min(kLooked, bytes.size() & ~std::size_t{1}));
  if (front.size() < kLeast) return {"", ""};
  std::array<std::size_t, 2> zeros{};
  for (std::size_t i = 0; i < front.size(); ++i) zeros[i % 2] += front[i] == '\0' ? 1 : 0;
  const std::size_t most = front.size() / 2 - front.size() / 16;
  if (zeros[0] == 0 && zeros[1] >= most) return {"UTF-16LE", ""};
  if (zeros[1] == 0 && zeros[0] >= most) return {"UTF-16BE", ""};
  return {"", ""};
}

Encoding encoding_of(std::string_view bytes) {
  for (const Encoding& encoding : kMarked)
    if (bytes.starts_with(encoding.mark)) return encoding;
  return unmarked(bytes);
}

/// `bytes` as UTF-8, or nothing if they are not in that encoding.
std::string converted(std::string bytes, const char* from) {
  const iconv_t converter = ::iconv_open("UTF-8", from);
  if (converter == reinterpret_cast<iconv_t>(-1)) return "";
  std::string text(bytes.size() * 2, '\0');  // two bytes become at most three
  char *in = bytes.data(), *out = text.data();
  std::size_t left = bytes.size(), room = text.size();
  const bool good = ::iconv(converter, &in, &left, &out, &room) != static_cast<std::size_t>(-1);
  ::iconv_close(converter);
  text.resize(text.size() - room);
  return good ? text : "";
}

}  // namespace

SourceText as_utf8(std::string bytes) {
  const auto [name, mark] = encoding_of(bytes);
  if (name == ""sv) return {std::move(bytes), ""};
  if (name == "UTF-8"sv) return {bytes.substr(mark.size()), ""};
  std::string text = converted(bytes.substr(mark.size()), name);
  if (text.empty()) return {std::move(bytes), fmt::format("begins like {} and is not: it was taken as it is", name)};
  return {std::move(text), fmt::format("is {}, which compilers do not read: it was converted to UTF-8", name)};
}

}  // namespace workbook::grading
