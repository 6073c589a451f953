// Backends with threads of their own, with keys and values of another type, and for some extents only.

#include "common/bench/cost.h"
#include "common/bench/summary.h"
#include "common/bench/tests/tiny_runs.h"
#include "common/checker/catch.h"

using namespace workbook;
using namespace workbook::bench;

namespace {

/// The workload at a tiny size, by the backends of typed_backend.cpp.
Options typed(const std::string& workload, const std::vector<std::string>& backends = {"typed"}) {
  Options options = options_for(workload);
  options.origins = {plugin_origin("typed", TYPED_PLUGIN, WORKER)};
  options.backends = backends;
  for (Workload& w : options.workloads)
    w.extents = {2, w.extents.q_len == 1 ? 1 : 48, 48, w.extents.d_model == 1 ? 1 : 48, 6, 2, 8};
  return options;
}

}  // namespace

TEST_CASE("a backend with threads of its own is called once, with all of them", "[bench]") {
  Options options = typed("core_d32", {"teller"});
  options.layers = {"multi-head"};
  options.threads = 3;
  CHECK_THAT(the_case(run(options), "teller").problem, contains_text("3 threads, 12 heads, 48 queries of 48 keys"));
}

TEST_CASE("threads share whole heads, and the queries of a head if there are not enough heads", "[bench]") {
  Options options = typed("core_d32", {"part teller"});
  options.layers = {"multi-head"};
  options.threads = 2;
  const auto told = [&] { return run(options).at(0).problem; };  // by the first thread
  CHECK_THAT(told(), contains_text("1 threads, 6 heads, 48 queries of 48 keys"));
  options.workloads[0].extents = {1, 100, 100, 1, 1, 1, 8};  // 71 * 72 / 2 pairs are half of 100 * 101 / 2
  CHECK_THAT(told(), contains_text("1 threads, 1 heads, 71 queries of 71 keys"));
  options.workloads[0].extents.kv_len = 1000;
  CHECK_THAT(told(), contains_text("1 threads, 1 heads, 52 queries of 952 keys"));
  options.layers = {"linear"};
  options.threads = 2;
  CHECK_THAT(told(), contains_text("1 heads, 100 queries of 1000 keys"));
  options = typed("tiny", {"part teller"});
  options.layers = {"cross-attention"};
  options.workloads[0].extents = {1, 48, 48, 8, 1, 1, 8};
  options.threads = 2;
  CHECK_THAT(told(), contains_text("1 heads, 24 queries of 48 keys"));
}

TEST_CASE("backends of one name and two types are told apart, and both are right", "[bench]") {
  Options options = typed("decode_gqa");
  options.workloads[0].extents.kv_len = 4800;  // so that keys and values are most of what moves
  options.threads = GENERATE(1, 3);
  const std::vector<Case> cases = run(options);
  REQUIRE(cases.size() == 2);
  const Case &wide = the_case(cases, "typed"), &narrow = the_case(cases, "typed bfloat16");
  CHECK(wide.measured());
  CHECK(narrow.measured());
  CHECK(narrow.dtype == "bfloat16");
  CHECK(narrow.max_error > 10 * wide.max_error);
  CHECK(narrow.max_error < narrow.error_limit);
  CHECK(narrow.intensity > 1.5 * wide.intensity);
}

TEST_CASE("a backend has no row for extents that it does not take, nor has bfloat16 behind projections", "[bench]") {
  Options options = typed(GENERATE("core_d32", "tiny"));
  options.layers = {"multi-head"};
  Extents& e = options.workloads[0].extents;
  if (e.d_model > 1) e.q_len = e.kv_len = 1;
  const std::vector<Case> cases = run(options);
  REQUIRE(cases.size() == 1);
  CHECK(cases[0].backend == "typed");
}

TEST_CASE("a type selects its backends, and what has none of it is named", "[bench]") {
  Options options = typed("decode_gqa", {});
  options.dtype = "bfloat16";
  const std::vector<Case> cases = run(options);
  REQUIRE(cases.size() == 1);
  CHECK(cases[0].backend == "typed bfloat16");
  options.dtype = "float64";
  CHECK_THROWS_WITH(find_offers(options), "expected --dtype of bfloat16, float32 on device cpu; found float64");
  options = typed("core_d32", {});
  options.dtype = "bfloat16";
  CHECK_THROWS_WITH(find_offers(options),
                    "no lesson here offers a backend in bfloat16 for a layer of core_d32; "
                    "expected --models of decode_gqa, decode_long");
  options.layers = {"multi-head"};
  CHECK_THROWS_WITH(find_offers(options), contains_text("bfloat16 for multi-head of core_d32"));
}

TEST_CASE("a backend for one query is probed with one query", "[bench]") {
  Options options = typed("decode_gqa");
  const std::vector<Capability> all = probe_capabilities(options, find_offers(options));
  REQUIRE(all.size() == 2);
  for (const Capability& c : all) {
    INFO(c.backend);
    for (const auto& [what, answer] : c.takes)
      if (what != "boolean mask" && what != "bias" && what != "dtype")
        CHECK(answer == (c.backend == "typed" || what == "q_len 1" ? "yes" : "yes, 1 query"));
  }
}

TEST_CASE("16-bit keys and values are half the bytes; on a device everything is", "[bench]") {
  const Config config{.extents = {1, 1, 10, 1, 2, 1, 4}};
  CHECK(compulsory_bytes(config) == 4 * (8 + 2 * 40 + 8));
  CHECK(compulsory_bytes(config, {.name = "", .dtypes = {"bfloat16"}}) == 4 * (8 + 8) + 2 * 2 * 40);
  CHECK(compulsory_bytes(config, {.name = "", .device = "cuda", .dtypes = {"float16"}}) == 2 * (8 + 2 * 40 + 8));
}

TEST_CASE("a row with bfloat16 keys and values has its share of float32's peak, as it computes in float32", "[bench]") {
  Machine machine;
  Ceilings ceilings;
  ceilings.note(Ceiling::arithmetic, 1e9), ceilings.note(Ceiling::bandwidth, 1e9);
  std::vector<Case> cases(2);
  for (Case& c : cases) c.dtype = "bfloat16", c.status = status::kMeasured, c.gflops = 0.5, c.intensity = 4;
  cases[1].device = "cuda";
  compare_with_ceilings(cases, machine, ceilings);
  CHECK(cases[0].share_of_peak == 0.5);
  CHECK(!known(cases[1].share_of_peak));
}
