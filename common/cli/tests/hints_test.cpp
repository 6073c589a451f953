#include <random>

#include "common/checker/catch.h"
#include "common/cli/hints.h"
#include "common/cli/system.h"
#include "common/system/errors.h"
#include "common/workspace/hidden_hints.h"

using namespace workbook;
using namespace workbook::cli;

namespace {

const std::string kGood =
    "# TODO(1)\n1. The concept,\n   over two lines.\n2. The invariant.\n3. `code`\n\n# TODO(2)\n1. a\n2. b\n3. c\n";

std::string problem_of(const std::string& text) {
  try {
    parse_hints(text, "hints.md");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("three hints of each TODO are read") {
  const Hints hints = parse_hints(kGood, "hints.md");
  REQUIRE(hints.size() == 2);
  CHECK(hints.at(1)[0] == "The concept, over two lines.");
  CHECK(hints.at(1)[2] == "`code`");
  CHECK(hints.at(2)[1] == "b");
  CHECK(parse_hints("", "hints.md").empty());
}

TEST_CASE("broken hints are told with line, expected and found") {
  CHECK(problem_of("text") == "hints.md:1: expected a heading like # TODO(1), found \"text\"");
  CHECK_THAT(problem_of("# TODO(1)\n1. a\n2. b\n"),
             workbook::contains_text("expected hint 3 of TODO(1), found the end of the file"));
  CHECK_THAT(problem_of("# TODO(1)\n1. a\n# TODO(2)\n"),
             workbook::contains_text("hints.md:3: expected hint 2 of TODO(1)"));
  CHECK_THAT(problem_of("# TODO(1)\n1. a\n2. b\n3. c\n4. d\n"),
             workbook::contains_text("expected 3 hints, found one more"));
  CHECK_THAT(problem_of(kGood + kGood), workbook::contains_text("expected each TODO once"));
  CHECK_THAT(problem_of("# TODO(99999999999999)\n"), workbook::contains_text("expected a heading"));
  CHECK_THAT(problem_of("# TODO(1) x\n"), workbook::contains_text("expected a heading"));
  CHECK_THAT(problem_of("# TODO(1)\nfirst\n"), workbook::contains_text("expected \"1. \""));
}

TEST_CASE("whatever is done to hints.md, it is read whole or refused") {
  std::mt19937 random(1);
  const std::string pieces = "#TODO()123. \n\r\t`a\xff\x00";
  for (int round = 0; round < 20000; ++round) {
    std::string text = kGood;
    for (int change = static_cast<int>(random() % 4) + 1; change > 0 && !text.empty(); --change) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0)
        text.erase(at, random() % 12);
      else
        text.insert(at, 1, pieces[random() % pieces.size()]);
    }
    try {
      for (const auto& [todo, levels] : parse_hints(text, "hints.md")) REQUIRE(todo > 0);
    } catch (const Error& error) {
      REQUIRE(std::string(error.what()).starts_with("hints.md:"));
    }
  }
}

TEST_CASE("a hidden test's hint is the comment above it") {
  const auto hints = hidden_hints(
      "// Hint: not for anyone\n\n"
      "// Hint: over\n// two lines\nTEST_CASE(\"a \\\"b\\\"\", \"[hidden]\") {\n}\n"
      "// no hint\nTEST_CASE(\"c\", \"[hidden]\") {}\n"
      "  // first a remark\n  // Hint: x\n  TEST_CASE(\"d\") {}\nTEST_CASE(\"e\") {}\nTEST_CASE(\"f");
  CHECK(hints == std::map<std::string, std::string>{{"a \"b\"", "over two lines"}, {"d", "x"}});
}
