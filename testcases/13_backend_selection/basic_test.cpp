#include "fits.h"
#include "questions.h"

using namespace workbook;
using namespace workbook::backend_selection;

namespace {

const Backend kUnfused{.name = "unfused", .algorithm = Algorithm::unfused};
const Backend kPerHead{.name = "per-head", .algorithm = Algorithm::per_head};
const Backend kFused{.name = "fused", .algorithm = Algorithm::fused};
Backend flash(int q_tile, int kv_tile) {
  return {.name = "flash", .algorithm = Algorithm::flash, .q_tile = q_tile, .kv_tile = kv_tile};
}

/// Each of these in turn.
Backend one_of(const std::vector<Backend>& backends) {
  return backends[static_cast<std::size_t>(GENERATE_COPY(range(0, static_cast<int>(backends.size()))))];
}

}  // namespace

TEST_CASE("unfused holds scores and weights of all heads", "[basic][estimate_memory][2pt]") {
  const Problem p{.batch = 3, .heads = 5, .kv_heads = 5, .q_len = 7, .kv_len = 11, .head_dim = 4};
  CHECK_THAT(student<estimate_memory>(kUnfused, p), holds(kUnfused, p));
}

TEST_CASE("per-head holds one head's scores and fused one row", "[basic][estimate_memory][1pt]") {
  const Backend b = one_of({kPerHead, kFused});
  const Problem p{.batch = 3, .heads = 6, .kv_heads = 2, .q_len = 7, .kv_len = 11, .head_dim = 4};
  CHECK_THAT(student<estimate_memory>(b, p), holds(b, p));
}

TEST_CASE("flash holds a tile and the log-sum-exps", "[basic][estimate_memory][1pt]") {
  const Backend b = one_of({flash(2, 3), flash(5, 64), flash(64, 4), flash(64, 256)});
  const Problem p{.batch = 3, .heads = 6, .kv_heads = 2, .q_len = 7, .kv_len = 11, .head_dim = 4};
  CHECK_THAT(student<estimate_memory>(b, p), holds(b, p));
}

TEST_CASE("scores are float32 whatever the dtype is", "[basic][estimate_memory][1pt]") {
  const Backend b = one_of({kUnfused, kPerHead, kFused, flash(4, 8)});
  const DType dtype = GENERATE(DType::float16, DType::bfloat16);
  const Problem p{.batch = 2, .heads = 6, .kv_heads = 3, .q_len = 9, .kv_len = 13, .head_dim = 5, .dtype = dtype};
  CHECK_THAT(student<estimate_memory>(b, p), holds(b, p));
}

TEST_CASE("unfused and per-head compute all scores", "[basic][work_of][2pt]") {
  const Backend b = one_of({kUnfused, kPerHead});
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const Problem p{.batch = 3, .heads = 5, .kv_heads = 5, .q_len = 7, .kv_len = 11, .head_dim = 4, .mask = mask};
  check_work(student<work_of>(b, p), b, p);
}

TEST_CASE("fused computes what each query sees", "[basic][work_of][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{9, 9}, {4, 13}, {1, 6}}));
  const Problem p{3, 4, 2, q_len, kv_len, 5, GENERATE(Mask::none, Mask::causal)};
  check_work(student<work_of>(kFused, p), kFused, p);
}

TEST_CASE("flash computes up to the last key that a tile of queries sees", "[basic][work_of][2pt]") {
  const Backend b = one_of({flash(4, 3), flash(3, 5), flash(64, 4)});
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{14, 14}, {5, 17}}));
  const Problem p{3, 4, 2, q_len, kv_len, 5, GENERATE(Mask::none, Mask::causal)};
  check_work(student<work_of>(b, p), b, p);
}

TEST_CASE("exact rows give the prices that made them", "[basic][least_squares][2pt]") {
  const Constants right{1.3e-11, 2.1e-9, 1.7e-10, 1.1e-6};
  const Rows rows = made_up_rows(GENERATE(4, 9, 30), right);
  CHECK_THAT(in_typical_units(student<least_squares>(rows, ones(rows))), has_prices(rows, ones(rows), right));
}

TEST_CASE("rows of 10 us and of 10 s weigh alike", "[basic][least_squares][2pt]") {
  const Rows rows = made_up_rows(24, {1.3e-11, 2.1e-9, 1.7e-10, 1.1e-6}, 0.2);
  const auto weights = ones(rows);
  CHECK_THAT(in_typical_units(student<least_squares>(rows, weights)), has_prices(rows, weights, fitted(rows, weights)));
}

TEST_CASE("no price is negative", "[basic][least_squares][2pt]") {
  Rows rows;
  Prices plain{};
  do {  // until a price would be negative
    rows = made_up_rows(12, {1.3e-11, 0, 1.7e-10, 1.1e-7}, 0.3);
    plain = prices_of(fitted(rows, ones(rows), {.negative = Fitting::as_they_come}));
  } while (plain[1] > -2e-10);
  CHECK_THAT(in_typical_units(student<least_squares>(rows, ones(rows))),
             has_prices(rows, ones(rows), fitted(rows, ones(rows))));
}

TEST_CASE("rows that are far off change little", "[basic][fit][3pt]") {
  Rows rows = made_up_rows(36, {1.3e-11, 2.1e-9, 1.7e-10, 1.1e-6}, 0.01);
  for (int r = 0; r < 12; ++r) rows[r].seconds *= 3;  // something else ran on the machine
  const Constants right = fitted_robustly(rows), plain = fitted(rows, ones(rows));
  const Constants got = student<fit>(rows);
  CHECK_THAT(
      in_typical_units(got),
      prices(
          rows, ones(rows),
          matches(in_typical_units(right), {1e-9, 5e-4, kUnits})
              .but_not([=] { return in_typical_units(plain); },
                       "every row counts with its square, so 12 rows that are 3 times too slow pull all prices: give "
                       "a row with the relative error r the weight kHuber / |r| if that is less than 1, and fit again")
              .but_not(
                  [=] { return in_typical_units(fitted_robustly(rows, kHuber, 1)); },
                  "the rows were weighed once: new prices have new errors, so weigh and fit until nothing moves")));
  const auto worst = [&](const Constants& c) {
    double error = 0;
    for (const Measurement& m : std::span(rows).subspan(12)) error = std::max(error, std::abs(relative_error(m, c)));
    return 100 * error;
  };
  remark(fmt::format("worst error of the 24 good rows: {:.1f} %; with plain least squares {:.0f} %", worst(got),
                     worst(plain)));
}

TEST_CASE("a backend that can is not refused", "[basic][why_not][1pt]") {
  const Problem p{
      .batch = 2, .heads = 4, .kv_heads = 2, .q_len = 5, .kv_len = 9, .head_dim = 16, .dtype = DType::float16};
  for (const Candidate& c : some_candidates())
    if (std::ranges::count(c.backend.dtypes, p.dtype)) {
      const Constraints constraints{
          .memory_bytes = held_bytes(c.backend, p), .devices = {Device::cuda, Device::cpu}, .force = "other"};
      const auto got = student<why_not>(c.backend, p, constraints);
      CHECK_THAT(
          !got, otherwise(c.backend.name + " can, and needs just the budget; got \"" + (got ? got->reason : "") + '"'));
    }
}

TEST_CASE("device, dtype, boolean mask and bias are obstacles", "[basic][why_not][2pt]") {
  const auto all = some_candidates();
  const Backend &row = all[1].backend, &tiles = all[2].backend, &tensor_cores = all[3].backend;
  check_refusal(student<why_not>(tensor_cores, {.head_dim = 8, .dtype = DType::float16}, {}), Why::device);
  check_refusal(student<why_not>(tiles, {.head_dim = 8, .dtype = DType::bfloat16}, {}), Why::dtype);
  check_refusal(student<why_not>(tiles, {.head_dim = 8, .boolean_mask = true}, {}), Why::boolean_mask);
  check_refusal(student<why_not>(row, {.head_dim = 8, .boolean_mask = true, .bias = true}, {}), Why::bias);
}

TEST_CASE("a head_dim between the multiples or too large is an obstacle", "[basic][why_not][1pt]") {
  const Backend tiles = some_candidates()[2].backend;
  check_refusal(student<why_not>(tiles, {.head_dim = 100}, {}), Why::head_dim, {100, 8});
  check_refusal(student<why_not>(tiles, {.head_dim = 264}, {}), Why::head_dim, {264, 256});
}

TEST_CASE("a budget that is too small is an obstacle", "[basic][why_not][1pt]") {
  const Backend b = one_of({kUnfused, kFused, flash(64, 32)});
  const Problem p{.batch = 2, .heads = 6, .kv_heads = 2, .q_len = 70, .kv_len = 90, .head_dim = 16};
  const std::int64_t needed = held_bytes(b, p), budget = needed - GENERATE(1, 1000);
  const auto got = student<why_not>(b, p, {.memory_bytes = budget});
  CHECK_THAT(got.has_value(),
             otherwise("it needs " + std::to_string(needed) + " bytes, the budget is " + std::to_string(budget) +
                       ", and it was not refused. Is the budget compared with "
                       "the workspace alone? q, k, v and the output need memory, too"));
  check_refusal(got, Why::memory, {needed, budget});
}

TEST_CASE("the fastest of those that can is chosen", "[basic][select_backend][2pt]") {
  const auto candidates = some_candidates();
  const int head_dim = GENERATE(60, 64);
  const int q_len = GENERATE(200, 256);
  const Problem p{2, 8, 8, q_len, 256, head_dim};
  check_decision(student<select_backend>(candidates, p, {}), candidates, p, {});
}

TEST_CASE("a smaller budget leads to another backend", "[basic][select_backend][1pt]") {
  auto candidates = some_candidates();
  candidates[0].constants = {1e-12, 1e-10, 1e-12, 1e-7};  // a fast one that needs much
  const Problem p{.batch = 2, .heads = 8, .kv_heads = 8, .q_len = 300, .kv_len = 300, .head_dim = 64};
  const std::int64_t needed = held_bytes(candidates[0].backend, p), budget = needed - GENERATE(0, 1, 2'000'000);
  check_decision(student<select_backend>(candidates, p, {.memory_bytes = budget}), candidates, p,
                 {.memory_bytes = budget});
}

TEST_CASE("a slower backend's reason names the chosen one and both times", "[basic][select_backend][1pt]") {
  const auto candidates = some_candidates();
  const Problem p{.batch = 2, .heads = 8, .kv_heads = 8, .q_len = 300, .kv_len = 300, .head_dim = 64};
  const Decision got = student<select_backend>(candidates, p, {});
  check_decision(got, candidates, p, {});
  for (const Considered& c : got.considered)
    if (c.why == Why::slower) {
      const std::int64_t own = in_microseconds(c.seconds), best = in_microseconds(seconds_of(candidates[2], p));
      CHECK_THAT(names(c.reason, own) && names(c.reason, best) && c.reason.find("tiles") != std::string::npos,
                 otherwise(fmt::format("{}'s reason is \"{}\"; expected it to name tiles, and both times, {} and {} "
                                       "microseconds",
                                       c.name, c.reason, own, best)));
      remark(c.name + ": " + c.reason);
    }
}

TEST_CASE("if nothing fits, nothing is chosen and everything has a reason", "[basic][select_backend][1pt]") {
  const auto candidates = some_candidates();
  const Problem p{.batch = 2, .heads = 8, .kv_heads = 8, .q_len = 300, .kv_len = 300, .head_dim = 64, .bias = true};
  const Constraints constraints{.memory_bytes = 3'000'000};
  const Decision got = student<select_backend>(candidates, p, constraints);
  check_decision(got, candidates, p, constraints);
  for (const Considered& c : got.considered) remark(c.name + ": " + c.reason);
}

TEST_CASE("a forced backend is taken if it can", "[basic][select_backend][1pt]") {
  const auto candidates = some_candidates();
  const Problem p{.batch = 2, .heads = 8, .kv_heads = 8, .q_len = 300, .kv_len = 300, .head_dim = 64};
  const Constraints constraints{.force = GENERATE("unfused", "row", "tiles")};
  check_decision(student<select_backend>(candidates, p, constraints), candidates, p, constraints);
}

TEST_CASE("a forced backend that cannot is not taken", "[basic][select_backend][1pt]") {
  const auto candidates = some_candidates();
  const Problem p{.batch = 2, .heads = 8, .kv_heads = 8, .q_len = 300, .kv_len = 300, .head_dim = 60};
  const Constraints constraints{.memory_bytes = 20'000'000, .force = GENERATE("tiles", "unfused", "tensor-cores")};
  check_decision(student<select_backend>(candidates, p, constraints), candidates, p, constraints);
}

TEST_CASE("a name that no candidate has is refused", "[basic][select_backend][1pt]") {
  const Constraints constraints{.force = "flush"};
  CHECK_THAT([&] { student<select_backend>(some_candidates(), {}, constraints); },
             Refused("flush is no candidate; expected std::invalid_argument with a message that names it and the names "
                     "that there are",
                     {"flush", "unfused", "row", "tiles", "tensor-cores"}));
}

TEST_CASE("each thing that a decision depends on changes the key", "[basic][cache_key][2pt]") {
  const std::string key = student<cache_key>(kQuestion.problem, kQuestion.constraints);
  for (const auto& [what, other] : changed_questions())
    CHECK_THAT(student<cache_key>(other.problem, other.constraints) != key,
               otherwise("the key is the same for another " + what +
                         ": the answer to one question would be given to the other"));
}

TEST_CASE("the same question has the same key", "[basic][cache_key][1pt]") {
  const std::string key = student<cache_key>(kQuestion.problem, kQuestion.constraints);
  const Question again = kQuestion;
  CHECK_THAT(student<cache_key>(again.problem, again.constraints) == key,
             otherwise("the same question has another key when it is asked again, so nothing is ever found"));
}
