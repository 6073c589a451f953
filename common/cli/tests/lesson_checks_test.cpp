/// What verify reads in a lesson's files.

#include "common/cli/lesson_checks.h"
#include "common/checker/catch.h"

using namespace workbook::cli;

TEST_CASE("a mistake's header names the idea, the test and its group", "[verify]") {
  const MistakeHeader header = parse_mistake_header(
      "// Mistake: heads are interleaved.\n"
      "// Caught by: \"keeps the \"copies\" together\"  [advanced]\n"
      "// Told as: \"look interleaved\"\n"
      "#include \"x.h\"\n"
      "// Mistake: not this one\n");
  CHECK(header.idea == "heads are interleaved.");
  CHECK(header.test == "keeps the \"copies\" together");
  CHECK(header.group == "advanced");
  CHECK(header.told_as == "look interleaved");
  CHECK(header.problems.empty());
}

TEST_CASE("a header that lacks something says what", "[verify]") {
  CHECK(parse_mistake_header("").problems.size() == 2);
  CHECK(parse_mistake_header("// Mistake: x\n// Caught by: \"t\" [secret]\n").problems.size() == 1);
  CHECK(parse_mistake_header("// Mistake: x\n// Caught by: t [basic]\n").problems.size() == 1);
  CHECK(parse_mistake_header("// Mistake: x\n// Caught by: \"t\" ]basic[\n").problems.size() == 1);
}

TEST_CASE("only lines of code differ", "[verify]") {
  const char* solution = "// The solution\nint a;\n\nint b;\nint c;\n";
  CHECK(differing_lines(solution, "// Mistake: none\n// at all\nint a;\n  int b;\nint c;\n") == 0);
  CHECK(differing_lines(solution, "int a;\nint x;\nint c;\n") == 1);
  CHECK(differing_lines(solution, "int a;\n") == 2);
  CHECK(differing_lines(solution, "int a;\nint b;\nint c;\nint d;\nint e;\nint f;\n") == 3);
  CHECK(differing_lines("", "") == 0);
}

TEST_CASE("the contract's functions are read from its last line", "[verify]") {
  CHECK(contract_functions("inline constexpr Contract<repeat_kv, cache::bytes> contract;") ==
        std::vector<std::string>{"repeat_kv", "bytes"});
  CHECK(contract_functions("Contract<construct<Cache, int, int>,\n  &Cache::append> contract;") ==
        std::vector<std::string>{"append"});
  CHECK(contract_functions("nothing here").empty());
}

TEST_CASE("an undocumented function is noticed", "[verify]") {
  const std::string documented =
      "#pragma once\n/// Sums.\n\n/// Adds.\nint add(int a);\n\ninline constexpr Contract<add> contract;\n";
  CHECK(check_contract(documented).empty());
  CHECK(
      check_contract("#pragma once\n/// Sums.\n\nint add(int a);\ninline constexpr Contract<add> contract;\n").size() ==
      1);
  CHECK(
      check_contract("#pragma once\n\n/// Adds.\nint add(int a);\ninline constexpr Contract<add> contract;\n").size() ==
      1);
  CHECK(check_contract("#pragma once\n/// Sums.\n").size() == 1);
}
