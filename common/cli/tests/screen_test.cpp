/// Keys and lines of a terminal.

#include "common/checker/catch.h"
#include "common/system/keys.h"
#include "common/system/styled_line.h"

using namespace workbook::system;

namespace {

std::string text(const Line& line) {
  std::string all;
  for (const Piece& piece : line) all += piece.text;
  return all;
}

std::vector<Key::Name> names(std::string bytes) {
  std::vector<Key::Name> all;
  for (const Key& key : decode_keys(bytes)) all.push_back(key.name);
  return all;
}

}  // namespace

TEST_CASE("keys are told apart however many come at once", "[terminal]") {
  using enum Key::Name;
  CHECK(names("q\033[A\033OB\033[5~\033[6~\033[1~\033[F") ==
        std::vector{character, up, down, page_up, page_down, home, end});
  CHECK(names("\033[1;5A\033[200~\xc3\xa4\xff") == std::vector{unknown, unknown, unknown, unknown});
  CHECK(names("\033q") == std::vector{escape, character});
}

TEST_CASE("a key that is not complete stays until the rest has come", "[terminal]") {
  std::string bytes = "n\033[5";
  CHECK(decode_keys(bytes) == std::vector<Key>{{Key::Name::character, 'n'}});
  CHECK(bytes == "\033[5");
  bytes += '~';
  CHECK(decode_keys(bytes) == std::vector<Key>{{Key::Name::page_up}});
  CHECK(bytes.empty());
}

TEST_CASE("a line is cut to the columns, and shows that it was", "[terminal]") {
  const Line line{{"wör"}, {"ld✓", Ink::green}};
  CHECK(text(clipped(line, 6)) == "wörld✓");
  CHECK(text(clipped(line, 5)) == "wörl…");
  CHECK(text(clipped(line, 4)) == "wör…");
  CHECK(text(clipped(line, 1)) == "…");
  CHECK(text(clipped(line, 0)).empty());
  CHECK(clipped(line, 5).back().ink == Ink::green);
}

TEST_CASE("what is not text does not reach the terminal", "[terminal]") {
  CHECK(text(clipped({{"a\033[2J\tb\nc\xff\x7f"}}, 80)) == "a?[2J b c??");
}
