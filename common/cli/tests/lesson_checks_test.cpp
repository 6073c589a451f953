/// What verify reads in a lesson's files.

#include "common/cli/lesson_checks.h"
#include "common/checker/catch.h"

using namespace workbook::cli;

TEST_CASE("the contract's functions are read from its last line", "[verify]") {
  CHECK(contract_functions("inline constexpr Contract<repeat_kv, cache::bytes> contract;") ==
        std::vector<std::string>{"repeat_kv", "bytes"});
  CHECK(contract_functions("Contract<construct<Cache, int, int>,\n  &Cache::append> contract;") ==
        std::vector<std::string>{"append"});
  CHECK(contract_functions("nothing here").empty());
}

TEST_CASE("promises that no test judges are listed", "[verify]") {
  const std::string header =
      "#pragma once\n/// Sums.\n\n/// Adds. Time O(n), workspace O(1).\n/// @throws std::invalid_argument if n < 0\n"
      "int add(int n);\n\n/// Less.\nint sub(int n);\n\ninline constexpr Contract<add, sub> contract;\n";
  CHECK(promises_not_judged(header, {}) == Problems{"add: time", "add: memory", "add: @throws"});
  CHECK(promises_not_judged(header, {"add reads", "sub workspace"}) == Problems{"add: memory", "add: @throws"});
  CHECK(promises_not_judged(header, {"add device", "add throws"}).empty());
  CHECK(promises_not_judged(header, {"Sum::add device", "Sum::add throws"}).empty());
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

TEST_CASE("the points in a README are those of the public tests", "[verify]") {
  const std::string table =
      "| | function | what it does | points |\n|---|---|---|---|\n"
      "| TODO(1) | `add` | adds | 3 |\n| TODO(2) | `Sum::less` | less | 10 |\n";
  CHECK(check_points(table, {{"add", 3}, {"less", 10}}).empty());
  CHECK(check_points(table, {{"add", 2}, {"less", 10}}) ==
        Problems{"README.md gives 3 points to add: its public tests give 2"});
  CHECK(check_points(table, {{"add", 3}}) == Problems{"README.md gives 10 points to less: its public tests give 0"});
}

TEST_CASE("a prediction is asked for, answered and tested", "[verify]") {
  const std::string readme =
      "# L\n\n> **Predict.** (a) How many\n> bytes? The logit 89?\n\n## What\n\nIt is 1 008 and NaN.\n";
  const Prediction bytes{.label = "a", .asks = "bytes", .unit = "", .answer = "1 008", .test = "counts"};
  const Prediction logit{.label = "89", .asks = "it", .unit = "", .answer = "NaN", .test = "counts"};
  Prediction more = bytes;
  more.label = "a2";
  CHECK(check_predictions({bytes, more, logit}, readme, {"counts"}).empty());
  CHECK(check_predictions({bytes, bytes}, readme, {"counts"}) == Problems{"two predictions are labelled a"});
  CHECK(check_predictions({bytes}, readme, {"hides"}) ==
        Problems{"prediction (a) names \"counts\", which is no public test"});
  Prediction other = bytes;
  other.label = "b";
  other.answer = "89";  // in the question, and nowhere else
  CHECK(check_predictions({other}, readme, {"counts"}) ==
        Problems{"README.md does not ask for prediction (b) under \"Predict.\"",
                 "README.md does not tell the answer of prediction (b), 89"});
}

TEST_CASE("a comparison is three to five bullets that name what the code has", "[verify]") {
  const std::string code = "float Sum::add(float x) { return std::exp(x) + kOne; }\n";
  const std::string good = "- `Sum::add` adds\n  `kOne`.\n- `std::exp(x)` comes first.\n- See `./workbook hint 01`.\n";
  CHECK(check_compare(good, code).empty());
  CHECK(check_compare("- `add` adds.\n- It does.\n", code) == Problems{"compare.md: expected 3 to 5 bullets, found 2"});
  CHECK(check_compare(good + good, code) == Problems{"compare.md: expected 3 to 5 bullets, found 6"});
  CHECK(check_compare(good + "- `std::exp` and `Sum::less`.\n", code) ==
        Problems{"compare.md: `Sum::less` names less, which is in no file of the lesson"});
  CHECK(check_compare(good + "- `ad` is a part of a name.\n", code) ==
        Problems{"compare.md: `ad` names ad, which is in no file of the lesson"});
}

TEST_CASE("a comparison has nothing but bullets", "[verify]") {
  const std::string bullets = "- One.\n- Two.\n- Three.\n";
  const std::string expected = R"(expected a bullet ("- ") or its next line, after two blanks; found )";
  CHECK(check_compare("# Heading\n" + bullets, "") == Problems{"compare.md:1: " + expected + "\"# Heading\""});
  CHECK(check_compare("  Too early.\n" + bullets, "") == Problems{"compare.md:1: " + expected + "\"  Too early.\""});
  CHECK(check_compare(bullets + "and more.\n", "") == Problems{"compare.md:4: " + expected + "\"and more.\""});
  CHECK(check_compare(bullets + "\n- Four.\n", "") == Problems{"compare.md:4: " + expected + "\"\""});
}

TEST_CASE("a lesson needs a comparison beside its solution", "[verify]") {
  const std::string folder = "/nowhere/90_adding";
  CHECK(check_compare(Lesson{.id = "90_adding", .folder = folder}, folder).size() == 1);
}
