// What layers compute: their weights, masks and KV heads, on tiny workloads.

#include "common/bench/cost.h"
#include "common/bench/inputs.h"
#include "common/bench/tests/tiny_runs.h"
#include "common/checker/catch.h"

using namespace workbook;
using namespace workbook::bench;
#if WORKBOOK_CATCH == 3
using Catch::Approx;
#endif

TEST_CASE("every layer is right where threads share the queries of a head", "[bench]") {
  Options options = options_for("tiny");
  const std::int64_t heads = GENERATE(1, 3);
  options.workloads[0].extents = {1, 48, 48, 8 * heads, heads, 1, 8};
  options.threads = GENERATE(2, 4, 7);
  for (const Workload& workload : workloads_named("decode_gqa")) options.workloads.push_back(workload);
  options.workloads[1].extents = {1, 5, 48, 1, heads, 1, 8};
  for (const Case& c : run(options)) {
    INFO(c.workload << " " << c.layer << " " << c.backend << ": " << c.problem);
    CHECK(c.measured());
  }
}

TEST_CASE("layers share their weights: what computes the same has no MSE", "[bench]") {
  Options options = options_for("tiny");
  options.layers = {"multi-head", "self-attention", "grouped-query"};
  options.backends = {"flash"};
  const std::vector<Case> cases = run(options);
  CHECK(cases.at(0).mse < 1e-12);
  CHECK(cases.at(1).mse < 1e-12);
  CHECK(cases.at(1).mean_result == Approx(cases.at(0).mean_result));
  CHECK(cases.at(2).mse > 1e-3);
}

TEST_CASE("a worker says who multiplies the projections", "[bench]") {
  const std::string name = find_offers(options_for("tiny")).front().planner->multiplier();
  CHECK_THAT(name, contains_text("oneDNN ") || contains_text("Eigen "));
  CHECK(name.find('.') != name.npos);
}

TEST_CASE("full attention has no mask, and the KV heads of its workload", "[bench]") {
  const auto full = [](const char* workload) {
    return config_of(workloads_named(workload)[0], layer_named("full"), 1);
  };
  for (const char* workload : {"core_d32", "core_d64", "core_d128", "core_gqa"}) {
    const Config config = full(workload);
    CHECK(config.mask == Mask::none);
    CHECK(config.extents.heads == config.extents.kv_heads * (workload == std::string("core_gqa") ? 4 : 1));
  }
  Options options = options_for("core_gqa");
  options.workloads[0].extents = {1, 48, 48, 1, 6, 2, 8};
  options.layers = {"full"};
  const std::vector<Case> cases = run(options);
  CHECK(cases.size() >= 4);
  for (const Case& c : cases) {
    INFO(c.backend << ": " << c.problem);
    CHECK(c.measured());
    CHECK(!c.causal);
    CHECK(c.mse < 1e-12);
    CHECK(c.speedup == Approx(the_case(cases, "unfused").median_s / c.median_s));
  }
}

TEST_CASE("a shared KV head has the mean of the weights of the heads that share it", "[bench]") {
  using attention_layer::Input;
  const Extents all{1, 1, 1, 3, 6, 6, 4};
  Extents shared = all;
  shared.kv_heads = 2;
  const Tensor w = make(Input::w_k, all), pooled = make(Input::w_k, shared);
  for (std::int64_t i = 0; i < 3; ++i)
    for (std::int64_t column = 0; column < 8; ++column) {
      const std::int64_t first = column / 4 * 3 * 4 + column % 4;  // of heads 0, 1, 2 or 3, 4, 5
      CHECK(pooled.at(i, column) == Approx((w.at(i, first) + w.at(i, first + 4) + w.at(i, first + 8)) / 3));
    }
}

TEST_CASE("useful work counts the pairs that a query sees", "[bench]") {
  Config config{.extents = {1, 10, 10, 1, 1, 1, 4}};
  CHECK(useful_flops(config, Formula::softmax) == 4 * 4 * 55);
  CHECK(useful_flops(config, Formula::training) == 6 * 2 * 4 * 55);
  config.mask = Mask::none;
  CHECK(useful_flops(config, Formula::softmax) == 4 * 4 * 100);
  config.extents.q_len = 1, config.mask = Mask::causal;
  CHECK(visible_pairs(config) == 10);
  CHECK(compulsory_bytes(config) == 4 * (4 + 2 * 40 + 4));
  config.projections = attention_layer::Projections::training;  // q, k, v and d_output in; output, dq, dk and dv out
  CHECK(compulsory_bytes(config) == 2 * 4 * (2 * 4 + 2 * 40));
}

TEST_CASE("the limit of a 16-bit type does not grow with the length", "[bench]") {
  const Tensor64 expected({2}, 3.0);
  const auto rounding = [&](std::int64_t kv_len, const char* dtype) {
    const Config config{.extents = {.kv_len = kv_len}};
    return error_limit(config, expected, dtype) - error_limit(config, expected);
  };
  CHECK(rounding(10, "float32") == 0);
  CHECK(rounding(10, "float16") == Approx(8 * 3 / 2048.0));
  CHECK(rounding(100000, "float16") == Approx(rounding(10, "float16")));
  CHECK(rounding(10, "bfloat16") == Approx(8 * rounding(10, "float16")));
}
