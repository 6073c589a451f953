#include "fits.h"
#include "questions.h"
#include "selectors.h"

using namespace workbook;
using namespace workbook::backend_selection;

namespace {

Problem drawn_at_random() {
  const int kv_heads = static_cast<int>(random_integer(1, 3)), n_rep = static_cast<int>(random_integer(1, 3));
  const auto some = [](int most) { return static_cast<int>(random_integer(1, most)); };
  return {some(4),
          kv_heads * n_rep,
          kv_heads,
          some(90),
          some(90),
          some(70),
          random_integer(0, 1) ? Mask::causal : Mask::none,
          false,
          false,
          static_cast<DType>(random_integer(0, 2))};
}

Backend tiled_at_random(const Backend& b) {
  Backend result = b;
  result.q_tile = static_cast<int>(random_integer(1, 100)), result.kv_tile = static_cast<int>(random_integer(1, 100));
  return result;
}

}  // namespace

// Hint: try extents of your own, all different, with tiles that divide none of them.
TEST_CASE("memory is right for problems drawn at random", "[hidden][estimate_memory][1pt]") {
  for (int i = 0; i < 40; ++i) {
    const Problem p = drawn_at_random();
    const Backend b = tiled_at_random(recorded_backends()[static_cast<std::size_t>(i % 4)].backend);
    CHECK_THAT(student<estimate_memory>(b, p), holds(b, p));
  }
}

// Hint: try extents of your own, all different, with tiles that divide none of them, and more queries than keys.
TEST_CASE("work is right for problems drawn at random", "[hidden][work_of][2pt]") {
  for (int i = 0; i < 40; ++i) {
    const Problem p = drawn_at_random();
    const Backend b = tiled_at_random(recorded_backends()[static_cast<std::size_t>(i % 4)].backend);
    check_work(student<work_of>(b, p), b, p);
  }
}

// Hint: a million tokens are not out of the question. In which type is each product computed?
TEST_CASE("work is exact in 64 bits", "[hidden][work_of][1pt]") {
  const Problem p{2, 128, 8, 1 << 17, 1 << 20, 128, Mask::causal};
  for (const auto& [backend, constants] : recorded_backends()) check_work(student<work_of>(backend, p), backend, p);
}

// Hint: two counts may be proportional in all rows. Which prices are there then, and does your elimination find any?
TEST_CASE("rows that do not tell two prices apart are met all the same", "[hidden][least_squares][1pt]") {
  Rows rows = made_up_rows(12, {1.3e-11, 2.1e-9, 1.7e-10, 1.1e-6});
  for (Measurement& m : rows) m.work.exponentials = m.work.flops / 256, m.work.flops = m.work.exponentials * 256;
  for (Measurement& m : rows) m.seconds = estimate_time(m.work, {1.3e-11, 2.1e-9, 1.7e-10, 1.1e-6});
  const Constants got = student<least_squares>(rows, ones(rows));
  for (const double price : prices_of(got)) CHECK(price >= 0);
  for (const Measurement& m : rows) CHECK_THAT(std::abs(relative_error(m, got)), at_most(1e-6, "the rows are exact"));
}

// Hint: what if a row's error is exactly 0? Its weight is 1, not a quotient.
TEST_CASE("rows without any error are fitted as they are", "[hidden][fit][1pt]") {
  const Constants right{1.5e-11, 2e-9, 1.25e-10, 1e-6};
  const Rows rows = made_up_rows(20, right);
  CHECK_THAT(in_typical_units(student<fit>(rows)), has_prices(rows, ones(rows), right));
}

// Hint: whoever forces a backend sees the others, too, with what they would need.
TEST_CASE("a decision is right for problems drawn at random", "[hidden][select_backend][1pt]") {
  const auto candidates = some_candidates();
  for (int i = 0; i < 30; ++i) {
    const Problem p = drawn_at_random();
    Constraints constraints{.memory_bytes = random_integer(10'000, 3'000'000)};
    if (i % 3 == 0) constraints.devices.push_back(Device::cuda);
    if (i % 4 == 0) constraints.force = candidates[static_cast<std::size_t>(random_integer(0, 3))].backend.name;
    check_decision(student<select_backend>(candidates, p, constraints), candidates, p, constraints);
  }
}

// Hint: a question that is refused has no answer to remember. Is it counted, and is anything left behind?
TEST_CASE("a refused question leaves nothing behind", "[hidden][select][1pt]") {
  const auto candidates = some_candidates();
  auto selector = new_selector(candidates);
  for (int i = 0; i < 2; ++i)
    CHECK_THAT([&] { student<&Selector::select>(selector, kBig, Constraints{.force = "flush"}); },
               Refused("flush is no candidate; expected std::invalid_argument, every time", {"flush"}));
  check_selected(selector, candidates, {kBig, {}});
  check_decided(selector, 1, 3);
}
