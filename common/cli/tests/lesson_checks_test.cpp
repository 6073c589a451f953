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
