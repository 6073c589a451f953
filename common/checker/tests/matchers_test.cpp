/// What matchers say when they fail.

#include "common/checker/matchers.h"
#include "common/checker/catch.h"
#include "common/checker/counts.h"
#include "common/checker/refusals.h"

using namespace workbook;

namespace {

/// A test case's session without a worker, for as long as this lives.
struct Alone {
  Alone() { set_session(std::make_unique<Session>(RunOptions(), "", 1)); }
  ~Alone() { set_session(nullptr); }
};

/// What `matcher` tells of `got`; "" if it matches.
template <class M, class T>
std::string told(const M& matcher, const T& got) {
  const bool matched = matcher.match(got);
  const auto explanation = session().take_explanation();
  CHECK(matched != explanation.has_value());
  return explanation ? explanation->text() : "";
}

}  // namespace

TEST_CASE("a count is exact to the last of 64 bits", "[matchers]") {
  const Alone alone;
  const std::int64_t large = (std::int64_t{1} << 57) + 1;
  CHECK(told(is_count(large), large).empty());
  CHECK(told(is_count(large), large - 1) ==
        "expected 144115188075855873, got 144115188075855872\nerror 0, every bit counts (a count is exact)\n");
  CHECK(told(is_count(8, "scores").but_not(4, "half of it").but_not(4, "a later one"), 4) ==
        "scores: expected 8, got 4\nerror 4, every bit counts (a count is exact)\nLikely: half of it\n");
}

TEST_CASE("a count knows what int arithmetic makes of it", "[matchers]") {
  const Alone alone;
  const std::int64_t bytes = (std::int64_t{1} << 32) + 12;
  CHECK_THAT(told(is_count(bytes).but_not_in_int("a product"), 12), contains_text("a product was computed in int"));
  CHECK_THAT(told(is_count(bytes).but_not_in_int("a part", 24), 24), contains_text("a part was computed in int"));
}

TEST_CASE("a bound says where it comes from", "[matchers]") {
  const Alone alone;
  CHECK(told(at_most(2, "one there, one back"), 2).empty());
  CHECK(told(at_most(2, "one there, one back").but_if([](double x) { return x > 3; }, "many"), 4) ==
        "got 4; expected at most 2: one there, one back\nPerhaps: many\n");
}

TEST_CASE("a refusal names both numbers, and not as parts of others", "[matchers]") {
  const Alone alone;
  const auto refusal = is_refused("12 channels cannot be cut into 5 heads", 12, 5);
  const auto throwing = [](const char* text) { return [=] { throw std::invalid_argument(text); }; };
  CHECK(told(refusal, throwing("found 12 and 5")).empty());
  CHECK(
      told(refusal, throwing("found 112 and 5")) ==
      "12 channels cannot be cut into 5 heads: expected std::invalid_argument with a message that names both numbers");
  CHECK_THAT(told(refusal, [] {}), contains_text("both numbers; got a result"));
  CHECK_THAT(told(refusal, [] { throw std::out_of_range("head 5"); }), contains_text("before any element is read"));
  CHECK_THROWS_AS(refusal.match([] { throw std::runtime_error("another"); }), std::runtime_error);
}

TEST_CASE("a refusal names both shapes", "[matchers]") {
  const Alone alone;
  const auto refusal = is_refused("exchanged", Shape{5, 3}, Shape{3, 5});
  CHECK(told(refusal, [] { throw std::invalid_argument("[5, 3] is not [3, 5]"); }).empty());
  CHECK_THAT(told(refusal, [] { throw std::invalid_argument("[5, 3]"); }), contains_text("[5, 3] and [3, 5]"));
}

TEST_CASE("the first suspicion that fits is told, the others' words if none does", "[matchers]") {
  const Alone alone;
  const auto matcher = [] {
    return matches(2.0, exact()).but_not([] { return 1.0; }, "one less").but_if(has_nan, "NaN").otherwise("else");
  };
  CHECK_THAT(told(matcher(), 1.0), contains_text("Likely: one less"));
  CHECK_THAT(told(matcher(), std::nan("")), contains_text("Perhaps: NaN"));
  CHECK_THAT(told(matcher(), 7.0), contains_text("Perhaps: else"));
  CHECK_THAT(told(matcher(), Tensor({2}, std::nanf(""))), contains_text("shape [1], got [2]\nPerhaps: else"));
  CHECK(told(otherwise("expected more"), false) == "expected more\n");
  Matches grown = matches(2.0, exact());
  grown = std::move(grown).but_not([] { return 1.0; }, "one less");
  grown = std::move(grown).otherwise("something else");
  CHECK_THAT(told(grown, 1.0), contains_text("Likely: one less"));
}

TEST_CASE("a result that is 0 everywhere is told as such, unless a formula gives that", "[matchers]") {
  const Alone alone;
  const Tensor zero({1, 2}, 0.f), expected({1, 2}, {1, 2});
  const std::string sentence = "Perhaps: the result is 0 everywhere.";
  CHECK_THAT(told(matches(expected, exact()), zero), contains_text(sentence));
  CHECK_THAT(told(matches(expected, exact()), Tensor({1, 2}, {0, 1})), !contains_text(sentence));
  CHECK_THAT(told(matches(Tensor({1, 3}, {0, 0, 2}), exact()), Tensor({1, 3}, 0.f)), !contains_text(sentence));
  CHECK_THAT(told(matches(expected, exact()).but_not([=] { return zero; }, "a formula"), zero),
             contains_text("Likely: a formula"));
  CHECK_THAT(told(matches(2.0, exact()), 0.0), !contains_text(sentence));
}

TEST_CASE("suspicions that are added after a failure keep their place among the others", "[matchers]") {
  const Alone alone;
  int asked = 0;
  const auto added = [&asked](Matches right) {
    ++asked;
    return std::move(right).but_not([] { return 1.0; }, "added").but_not([] { return 3.0; }, "added, too");
  };
  const auto numbers = [&](double got) {
    return told(matches(2.0, exact())
                    .but_not([] { return 0.0; }, "before")
                    .knowing(added)
                    .but_not([] { return 3.0; }, "after")
                    .otherwise("else"),
                got);
  };
  CHECK(numbers(2).empty());
  CHECK(asked == 0);
  CHECK(numbers(0).ends_with("Likely: before\n"));
  CHECK(asked == 0);
  CHECK(numbers(1).ends_with("Likely: added\n"));
  CHECK(numbers(3).ends_with("Likely: added, too\n"));
  CHECK(numbers(4).ends_with("Perhaps: else\n"));
  CHECK(asked == 3);
}
