#include "fits.h"
#include "questions.h"
#include "selectors.h"

using namespace workbook;
using namespace workbook::backend_selection;

namespace {

const Backend kUnfused{.name = "unfused", .algorithm = Algorithm::unfused};
const Backend kFlash{.name = "flash", .algorithm = Algorithm::flash, .q_tile = 64, .kv_tile = 256};

std::string size_of(std::int64_t bytes) {
  return size_text(static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0)));
}

}  // namespace

TEST_CASE("unfused copies keys and values to all query heads", "[advanced][estimate_memory][1pt]") {
  const DType dtype = GENERATE(DType::float32, DType::float16);
  const Problem p{.batch = 3, .heads = 6, .kv_heads = 2, .q_len = 5, .kv_len = 11, .head_dim = 4, .dtype = dtype};
  CHECK_THAT(student<estimate_memory>(kUnfused, p), holds(kUnfused, p));
}

TEST_CASE("LLaMA 3 at 8192 tokens: what each backend holds", "[advanced][estimate_memory][1pt]") {
  const Problem p{1, 32, 8, 8192, 8192, 128, Mask::causal, false, false, DType::bfloat16};
  for (const auto& [backend, constants] : recorded_backends()) {
    const std::int64_t got = student<estimate_memory>(backend, p);
    CHECK_THAT(got, holds(backend, p));
    remark(backend.name + ": " + size_of(got));
  }
}

TEST_CASE("no number of bytes is too large", "[advanced][estimate_memory][1pt]") {
  const auto [batch, heads, len, head_dim] = GENERATE(table<int, int, int, int>(
      {{1, 1, 65'537, 1}, {3, 7, 1'000'003, 64}, {1 << 16, 1 << 15, 3, 1}, {5, 3, 9, 1 << 27}}));
  const Problem p{batch, heads, heads, len, len, head_dim};
  for (const auto& [backend, constants] : recorded_backends())
    CHECK_THAT(student<estimate_memory>(backend, p), holds(backend, p));
}

TEST_CASE("copies are read and written", "[advanced][work_of][1pt]") {
  const Problem p{
      .batch = 3, .heads = 6, .kv_heads = 2, .q_len = 5, .kv_len = 11, .head_dim = 4, .dtype = DType::bfloat16};
  check_work(student<work_of>(kUnfused, p), kUnfused, p);
}

TEST_CASE("with more queries than keys, the first ones see nothing", "[advanced][work_of][1pt]") {
  const Problem p{2, 3, 3, 23, 9, 4, Mask::causal};
  for (const int q_tile : {2, 5}) {
    const Backend b{.name = "flash", .algorithm = Algorithm::flash, .q_tile = q_tile, .kv_tile = 4};
    check_work(student<work_of>(b, p), b, p);
  }
  const Backend fused{.name = "fused", .algorithm = Algorithm::fused};
  check_work(student<work_of>(fused, p), fused, p);
}

TEST_CASE("LLaMA 3 at 8192 tokens: what each backend does", "[advanced][work_of][1pt]") {
  const Problem p{1, 32, 8, 8192, 8192, 128, Mask::causal, false, false, DType::bfloat16};
  for (const auto& [backend, constants] : recorded_backends()) {
    const Work got = student<work_of>(backend, p);
    check_work(got, backend, p);
    remark(fmt::format("{}: {:.2f} TFLOP, {:.2f} G exponentials, {}, {} launches", backend.name,
                       double(got.flops) / 1e12, double(got.exponentials) / 1e9, size_of(got.bytes), got.launches));
  }
}

TEST_CASE("a weight says how much a row counts", "[advanced][least_squares][1pt]") {
  const Rows rows = made_up_rows(20, {1.3e-11, 2.1e-9, 1.7e-10, 1.1e-6}, 0.4);
  std::vector<double> weights = ones(rows);
  for (std::size_t r = 0; r < rows.size(); ++r) weights[r] = r % 3 == 0 ? 0 : r % 3 == 1 ? 0.2 : 1;
  CHECK_THAT(in_typical_units(student<least_squares>(rows, weights)), has_prices(rows, weights, fitted(rows, weights)));
}

TEST_CASE("what never occurs costs nothing, and two alike rows are enough for one price",
          "[advanced][least_squares][1pt]") {
  const Rows rows{{{.flops = 2'000'000}, 0.004}, {{.flops = 4'000'000}, 0.008}};
  CHECK_THAT(in_typical_units(student<least_squares>(rows, {1, 1})),
             matches(in_typical_units({.per_flop = 2e-9}), {1e-12, 1e-9, "one price, exact rows"})
                 .but_if(has_nan,
                         "is something divided by 0? Three columns are 0, so no elimination can find a pivot "
                         "there: those prices are 0"));
}

TEST_CASE("rows that nothing can be fitted to are refused", "[advanced][least_squares][1pt]") {
  Rows rows = made_up_rows(7, {1.3e-11, 2.1e-9, 1.7e-10, 1.1e-6});
  CHECK_THAT([&] { student<least_squares>(rows, {1, 1, 1}); }, is_refused("7 rows have 3 weights", 7, 3));
  CHECK_THAT([&] { student<least_squares>({}, {}); },
             Refused("there is no row; expected std::invalid_argument with a message that says so", {}));
  rows[5].seconds = GENERATE(0.0, -1.0, std::nan(""));
  CHECK_THAT([&] { student<least_squares>(rows, ones(rows)); },
             is_refused("row 5 of 7 has seconds that are not > 0", 5, 7));
}

TEST_CASE("the recorded times are met", "[advanced][fit][1pt]") {
  for (const auto& [backend, none] : recorded_backends()) {
    const Rows rows = recorded_rows(backend);
    const Constants c = student<fit>(rows);
    std::vector<double> errors;
    for (const Measurement& m : rows) errors.push_back(std::abs(relative_error(m, c)));
    std::ranges::sort(errors);
    const double median = errors[errors.size() / 2];
    const auto far_off = std::ranges::count_if(errors, [](double e) { return e > 0.25; });
    CHECK_THAT(median, at_most(0.25, "the median of the relative errors of " + backend.name +
                                         "'s rows: a model of four prices is not exact, and meets the typical row"));
    remark(fmt::format(
        "{}: {} rows, median error {:.1f} %, more than 25 % off: {}; {:.2g} s per FLOP, {:.2g} per "
        "exponential, {:.2g} per byte, {:.2g} per launch",
        backend.name, rows.size(), 100 * median, far_off, c.per_flop, c.per_exponential, c.per_byte, c.per_launch));
  }
}

TEST_CASE("the fit is Huber's, for errors of both signs", "[advanced][fit][1pt]") {
  Rows rows = made_up_rows(40, {1.3e-11, 2.1e-9, 1.7e-10, 1.1e-6}, 0.15);
  for (int r = 0; r < 4; ++r) rows[r].seconds *= 4, rows[r + 4].seconds /= 3;
  CHECK_THAT(in_typical_units(student<fit>(rows)),
             prices(rows, ones(rows),
                    matches(in_typical_units(fitted_robustly(rows)), {1e-9, 5e-4, kUnits})
                        .but_not([=] { return in_typical_units(fitted_robustly(rows, 1)); },
                                 "rows are weighed down beyond an error of 1: kHuber is where it begins")
                        .but_not([=] { return in_typical_units(fitted(rows, ones(rows))); },
                                 "every row counts with its square: a row with the relative error r gets the weight "
                                 "kHuber / |r| if that is less than 1")));
}

TEST_CASE("nothing is fitted to no rows, nor to a row without time", "[advanced][fit][1pt]") {
  CHECK_THAT([&] { student<fit>({}); },
             Refused("there is no row; expected std::invalid_argument with a message that says so", {}));
  Rows rows = made_up_rows(7, {1.3e-11, 2.1e-9, 1.7e-10, 1.1e-6});
  rows[5].seconds = 0;
  CHECK_THAT([&] { student<fit>(rows); }, is_refused("row 5 of 7 has seconds that are not > 0", 5, 7));
}

TEST_CASE("of several obstacles the first is told", "[advanced][why_not][1pt]") {
  const Backend tensor_cores = some_candidates()[3].backend;
  Problem p{.q_len = 300, .kv_len = 300, .head_dim = 9, .boolean_mask = true, .bias = true};
  Constraints constraints{.memory_bytes = 1};
  const auto check = [&](Why why) { check_refusal(student<why_not>(tensor_cores, p, constraints), why); };
  check(Why::device), constraints.devices.push_back(Device::cuda);
  check(Why::dtype), p.dtype = DType::bfloat16;
  check(Why::boolean_mask), p.boolean_mask = false;
  check(Why::bias), p.bias = false;
  check(Why::head_dim), p.head_dim = 16;
  check(Why::memory);
}

TEST_CASE("of equally fast backends the first is chosen", "[advanced][select_backend][1pt]") {
  auto candidates = some_candidates();
  candidates[0].constants = candidates[1].constants = candidates[2].constants = {};
  candidates[1].backend.dtypes = {DType::float16};
  const Problem p{.batch = 2,
                  .heads = 4,
                  .kv_heads = 4,
                  .q_len = 20,
                  .kv_len = 20,
                  .head_dim = 64,
                  .dtype = GENERATE(DType::float16, DType::float32)};
  check_decision(student<select_backend>(candidates, p, {}), candidates, p, {});
}

TEST_CASE("the choice is right for the recorded rows", "[advanced][select_backend][1pt]") {
  std::vector<Candidate> all = recorded_backends();
  for (auto& [backend, constants] : all) constants = fitted_robustly(recorded_rows(backend), kHuber, 50);
  check_recorded_choices(all, "all backends", 0.1);
  all.resize(3);
  check_recorded_choices(all, "without flash and vectorized", 0.5);
}

TEST_CASE("numbers side by side are not taken for others", "[advanced][cache_key][1pt]") {
  const auto key = [](const Problem& p, const Constraints& c) { return student<cache_key>(p, c); };
  CHECK_THAT(key({.q_len = 12, .kv_len = 3}, {}) != key({.q_len = 1, .kv_len = 23}, {}),
             otherwise("q_len 12 and kv_len 3 have the key of 1 and 23: something has to stand between two numbers"));
  CHECK_THAT(
      key({}, {.memory_bytes = 1, .devices = {Device::cuda, Device::cpu}}) !=
          key({}, {.memory_bytes = 1, .devices = {Device::cuda}, .force = "0"}),
      otherwise("a device and a forced backend of the name 0 have the same key: say how many devices there are"));
}

TEST_CASE("what is remembered is what was decided", "[advanced][select][1pt]") {
  const auto candidates = some_candidates();
  auto selector = new_selector(candidates);
  for (int i = 0; i < 2; ++i) check_selected(selector, candidates, {kBig, {}});
}

TEST_CASE("another budget is another question", "[advanced][select][1pt]") {
  const auto candidates = some_candidates();
  auto selector = new_selector(candidates);
  for (const std::int64_t budget : {100'000'000, 3'000'000, 1'000, 100'000'000})
    check_selected(selector, candidates, {kBig, {.memory_bytes = budget}});
}

TEST_CASE("a forced backend is not remembered for those who do not force it", "[advanced][select][1pt]") {
  const auto candidates = some_candidates();
  auto selector = new_selector(candidates);
  for (const char* const force : {"unfused", "", "row", "unfused"})
    check_selected(selector, candidates, {kBig, {.force = force}});
}

TEST_CASE("each question is decided once", "[advanced][select][1pt]") {
  const auto candidates = some_candidates();
  auto selector = new_selector(candidates);
  const auto questions = changed_questions();
  for (int i = 0; i < 3; ++i)
    for (const auto& [what, question] : questions) check_selected(selector, candidates, question);
  check_decided(selector, static_cast<int>(questions.size()), 3 * static_cast<int>(questions.size()));
}

TEST_CASE("threads get all decisions, in their order", "[advanced][select_all][tsan][2pt]") {
  const auto candidates = some_candidates();
  const int threads = GENERATE(1, 2, 7, 16);
  auto selector = new_selector(candidates);
  check_all(selector, candidates, some_problems(24), {.memory_bytes = 3'000'000}, threads);
}

TEST_CASE("a question that many threads ask is decided once", "[advanced][select_all][tsan][1pt]") {
  const auto candidates = some_candidates();
  auto selector = new_selector(candidates);
  std::vector<Problem> problems = some_problems(5);
  for (int i = 0; i < 4; ++i) problems.insert(problems.end(), problems.begin(), problems.begin() + 5 * (1 << i));
  check_all(selector, candidates, problems, {}, 8);
  check_decided(selector, 5, static_cast<int>(problems.size()));
}

TEST_CASE("what a thread's question throws arrives at the caller", "[advanced][select_all][1pt]") {
  auto selector = new_selector(some_candidates());
  CHECK_THAT([&] { student<select_all>(selector, some_problems(9), {.force = "flush"}, 3); },
             Refused("flush is no candidate; expected the std::invalid_argument of select, rethrown by the thread that "
                     "called select_all",
                     {"flush"}));
  CHECK_THAT([&] { student<select_all>(selector, some_problems(9), {}, 0); },
             Refused("0 threads decide nothing; expected std::invalid_argument that names the number", {"0"}));
}
