// Statistics of runs, and which runs count, with bursts that the test makes up.

#include "common/bench/bracket.h"
#include "common/bench/statistics.h"
#include "common/checker/catch.h"
#include "common/tensor/random.h"

using namespace workbook;
using namespace workbook::bench;
#if WORKBOOK_CATCH == 3
using Catch::Approx;
#endif

namespace {

std::vector<double> draw(Random& random, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(random.normal());
  return values;
}

std::vector<double> shifted(std::vector<double> values, double factor, double term) {
  for (double& value : values) value = factor * value + term;
  return values;
}

/// A timing whose samples come from a list; the last one is repeated.
Timing scripted(int wanted, std::vector<Sample> samples) {
  auto next = std::make_shared<std::size_t>(0);
  return {.ceiling = Ceiling::arithmetic,
          .run = [=]() -> std::optional<Sample> { return samples[std::min((*next)++, samples.size() - 1)]; },
          .brackets = Brackets(wanted)};
}

void run_all(std::vector<Timing>& timings, Ceilings& ceilings) {
  interleave(timings, ceilings, [] { return false; });
}

}  // namespace

TEST_CASE("mean, deviation and median move and stretch with their values", "[bench]") {
  Random random(5);
  const int count = GENERATE(1, 2, 5, 8);
  const std::vector<double> values = draw(random, count), moved = shifted(values, -3, 7);
  CHECK(mean(moved) == Approx(-3 * mean(values) + 7));
  CHECK(median(moved) == Approx(-3 * median(values) + 7));
  CHECK(standard_deviation(moved) == Approx(3 * standard_deviation(values)).margin(1e-12));
}

TEST_CASE("a median is not moved by one wild value, and nothing comes of nothing", "[bench]") {
  CHECK(median({1, 2, 3, 4, 1e9}) == 3);
  CHECK(median({4, 1, 3, 2}) == 2.5);
  CHECK(mean({}) == 0);
  CHECK(median({}) == 0);
  CHECK(standard_deviation({42}) == 0);
  CHECK(standard_deviation({1, 3}) == Approx(std::sqrt(2.0)));  // n - 1
}

TEST_CASE("the best is what one burst in ten reaches", "[bench]") {
  Ceilings ceilings;
  CHECK(ceilings.best(Ceiling::arithmetic) == 0);
  for (int i = 0; i < 19; ++i) ceilings.note(Ceiling::arithmetic, i % 2 == 0 ? 100 : 80);
  ceilings.note(Ceiling::arithmetic, 130);  // an accident
  CHECK(ceilings.best(Ceiling::arithmetic) == 100);
  for (int i = 0; i < 3; ++i) ceilings.note(Ceiling::arithmetic, 130);  // no accident
  CHECK(ceilings.best(Ceiling::arithmetic) == 130);
  CHECK(ceilings.best(Ceiling::bandwidth) == 0);
}

TEST_CASE("a quiet machine needs no run more than was asked for", "[bench]") {
  Ceilings ceilings;
  std::vector<Timing> timings{scripted(5, {{100, 1, 100}})};
  run_all(timings, ceilings);
  CHECK(timings[0].brackets.tries() == 5);
  CHECK_FALSE(timings[0].brackets.noisy(ceilings.best(Ceiling::arithmetic)));
}

TEST_CASE("a run beside a slow burst is repeated, before or after", "[bench]") {
  Ceilings ceilings;
  std::vector<Timing> timings{scripted(2, {{100, 1, 100}, {94, 8, 100}, {100, 9, 94}, {96, 2, 97}})};
  run_all(timings, ceilings);
  CHECK(timings[0].brackets.tries() == 4);
  CHECK(timings[0].brackets.seconds(100) == std::vector<double>{1, 2});
  CHECK_FALSE(timings[0].brackets.noisy(100));
}

TEST_CASE("a machine that never is quiet ends in a noisy case of its best runs", "[bench]") {
  Ceilings ceilings;
  ceilings.note(Ceiling::arithmetic, 100);
  std::vector<Timing> timings{scripted(2, {{50, 5, 60}, {80, 2, 90}, {70, 3, 70}, {40, 9, 99}})};
  run_all(timings, ceilings);
  CHECK(timings[0].brackets.tries() == 2 * kTries);
  CHECK(timings[0].brackets.noisy(100));
  CHECK(timings[0].brackets.seconds(100) == std::vector<double>{2, 3});
}

TEST_CASE("runs that were quiet by a lower best are asked for again when the best rises", "[bench]") {
  Ceilings ceilings;
  std::vector<Timing> timings{scripted(1, {{50, 7, 50}, {100, 4, 100}}), scripted(1, {{100, 1, 100}})};
  run_all(timings, ceilings);
  CHECK(timings[0].brackets.tries() == 2);
  CHECK(timings[0].brackets.seconds(100) == std::vector<double>{4});
}

TEST_CASE("a case without bursts is noisy", "[bench]") {
  Ceilings ceilings;
  std::vector<Timing> timings{scripted(2, {{0, 3, 0}})};
  run_all(timings, ceilings);
  CHECK(timings[0].brackets.noisy(ceilings.best(Ceiling::arithmetic)));
  CHECK(timings[0].brackets.seconds(0) == std::vector<double>{3, 3});
}

TEST_CASE("cases take turns, and one that cannot go on stops no other", "[bench]") {
  Ceilings ceilings;
  std::string order;
  std::vector<Timing> timings;
  for (const char name : {'a', 'b', 'c'})
    timings.push_back({.ceiling = Ceiling::arithmetic,
                       .run = [&order, name]() -> std::optional<Sample> {
                         order += name;
                         if (name == 'b') return std::nullopt;
                         return Sample{1, 1, 1};
                       },
                       .brackets = Brackets(3)});
  run_all(timings, ceilings);
  CHECK(order == "abccaac");
  CHECK(timings[1].over);
}

TEST_CASE("what was measured before an interruption is kept", "[bench]") {
  Ceilings ceilings;
  int calls = 0;
  std::vector<Timing> timings{scripted(5, {{1, 3, 1}})};
  interleave(timings, ceilings, [&] { return ++calls > 2; });
  CHECK(timings[0].brackets.seconds(1) == std::vector<double>{3, 3});
}
