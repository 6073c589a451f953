/// The machinery seen from a test: every kind of value, in/out arguments, objects, exceptions.

#include "common/checker/student.h"

using namespace workbook;
using namespace workbook::probe;

namespace {
Everything sample() {
  return {true,
          -7,
          std::int64_t{1} << 40,
          0.1,
          Color::blue,
          "a\0b",
          2.5f,
          {{{1, 2, 3}, "x"}, {{}, std::nullopt}},
          {9, "nine"},
          {1, -2, 3}};
}
}  // namespace

TEST_CASE("plain values come back as they were sent", "[basic][echo][1pt]") {
  const Everything sent = sample();
  const Everything got = student<echo>(sent);
  CHECK(describe(got) == describe(sent));
  CHECK(got.list.at(0).numbers == std::vector<int>{1, 2, 3});
  CHECK(got.real == 0.1);
  CHECK(evidence().text().find("{flag: true, small: -7, large: 1099511627776, real: 0.1, color: blue, ") !=
        std::string::npos);
}

TEST_CASE("designated initialisers and conversions work as in a direct call", "[basic][echo][1pt]") {
  CHECK(student<echo>({.small = 3, .text = "t"}).small == 3);
}

TEST_CASE("every element type crosses", "[basic][to_float16][1pt]") {
  const Tensor x({2, 3}, {1, -2, 0.5, -0.25, 3, 1000});
  CHECK_THAT(student<to_float16>(x), matches(x, exact()));
  CHECK_THAT(student<to_bfloat16>(x), matches(x, {0, 0x1p-8, "8 bits"}));
  CHECK_THAT(student<positive>(x), matches(Tensor({2, 3}, {1, 0, 1, 0, 1, 1}), exact()));
  CHECK_THAT(student<shape_of>(x), matches(Tensor({2}, {2, 3}), exact()));
  CHECK(student<rows_of>(x).at(1) == Tensor({3}, {-0.25, 3, 1000}));
}

TEST_CASE("every rank crosses, empty extents too", "[basic][scale_in_place][1pt]") {
  const Shape shape =
      GENERATE(Shape{4}, Shape{0}, Shape{2, 3}, Shape{2, 0, 3}, Shape{1, 2, 3, 4}, Shape{2, 1, 2, 1, 2});
  Tensor x = random_normal(shape);
  const Tensor before = x;
  student<scale_in_place>(x, 2);
  REQUIRE(x.shape() == shape);
  for (std::int64_t i = 0; i < x.size(); ++i) REQUIRE(x.values()[i] == 2 * before.values()[i]);
}

TEST_CASE("spans come back when they may be written", "[basic][fill][1pt]") {
  std::vector<float> values(5, 1.f);
  student<fill>(values, 3);
  CHECK(values == std::vector<float>(5, 3.f));
  CHECK(student<count_of>(values, "ab") == 7);
}

TEST_CASE("an object lives in the worker", "[basic][Journal][1pt]") {
  auto journal = student<construct<Journal, int>>(2);
  auto other = student<construct<Journal, int>>(1);
  student<&Journal::append>(journal, 1.5f);
  student<&Journal::append>(other, 9.f);
  student<&Journal::append>(journal, 2.5f);
  CHECK(student<&Journal::entries>(journal) == std::vector<float>{1.5f, 2.5f});
  CHECK(student<total>(journal) == 4.f);
  CHECK_THROWS_AS(student<&Journal::append>(journal, 3.f), std::length_error);
  CHECK_THROWS_AS((student<construct<Journal, int>>(-1)), std::invalid_argument);
}

TEST_CASE("a new test case knows no objects", "[basic][Journal][1pt]") {
  const Object<Journal> stale(1, session());
  CHECK_THROWS_WITH(student<&Journal::entries>(stale), contains_text("no object 1"));
}

TEST_CASE("exceptions keep their type", "[basic][raise][1pt]") {
  CHECK_THROWS_AS(student<raise>("std::invalid_argument"), std::invalid_argument);
  CHECK_THROWS_AS(student<raise>("std::out_of_range"), std::out_of_range);
  CHECK_THROWS_AS(student<raise>("std::domain_error"), std::domain_error);
  CHECK_THROWS_AS(student<raise>("std::length_error"), std::length_error);
  CHECK_THROWS_AS(student<raise>("std::overflow_error"), std::overflow_error);
  CHECK_THROWS_AS(student<raise>("std::range_error"), std::range_error);
  CHECK_THROWS_AS(student<raise>("std::bad_alloc"), std::bad_alloc);
  CHECK_THROWS_AS(student<raise>("something else"), std::runtime_error);
  CHECK_THROWS_WITH(student<raise>("std::logic_error"), "raised");
}

TEST_CASE("without the count flavour nothing is claimed", "[basic][read_in_loop][1pt]") {
  const Tensor keys = random_normal({7, 16});
  student<read_in_loop>(keys, 3);
  CHECK_FALSE(evidence().bytes_read(keys).has_value());
}
