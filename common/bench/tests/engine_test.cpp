// Whole benchmarks at tiny sizes: results, not times.

#include "common/bench/inputs.h"
#include "common/bench/reference.h"
#include "common/bench/summary.h"
#include "common/bench/tests/tiny_runs.h"
#include "common/checker/catch.h"
#include "common/tensor/compare.h"

using namespace workbook;
using namespace workbook::bench;
#if WORKBOOK_CATCH == 3
using Catch::Approx;
#endif

TEST_CASE("every layer by every backend is right, with one thread and with several", "[bench]") {
  Options options = options_for("tiny");
  options.threads = GENERATE(1, 2, 3);
  const std::vector<Case> cases = run(options);
  CHECK(cases.size() >= 18);
  for (const Case& c : cases) {
    INFO(c.layer << " " << c.backend << ": " << c.problem);
    CHECK(c.verified);
    CHECK(c.measured());
    CHECK(c.runs == 1);
    CHECK(c.max_error < c.error_limit);
  }
}

TEST_CASE("the workspace that was measured keeps to the estimate", "[bench]") {
  Options options = options_for("tiny");
  for (Workload& workload : options.workloads) workload.extents.q_len = workload.extents.kv_len = 300;
  for (const Case& c : run(options)) {
    INFO(c.layer << " " << c.backend);
    CHECK(c.peak_bytes <= 1.1 * c.estimate_bytes + (512 << 10));  // products pack up to 256 KiB, twice
    CHECK(c.peak_bytes >= 0.4 * c.estimate_bytes - (256 << 10));  // lesson 12 promises 512 KiB for tiles
  }
}

TEST_CASE("what is wrong, crashes or throws is told and not timed", "[bench]") {
  Options options = options_for("tiny");
  options.layers = {"multi-head"};
  options.origins = {plugin_origin("wrong", WRONG_PLUGIN, WORKER)};
  const std::vector<Case> cases = run(options);
  REQUIRE(cases.size() == 3);
  CHECK(the_case(cases, "zeros").status == status::kWrong);
  CHECK_THAT(the_case(cases, "zeros").problem, contains_text("first wrong at"));
  CHECK_THAT(the_case(cases, "crash").problem, contains_text("crashed"));
  CHECK_THAT(the_case(cases, "refuse").problem, contains_text("not today"));
  for (const Case& c : cases) CHECK(!known(c.median_s));
}

TEST_CASE("a training step with one wrong gradient is not timed, and the gradient is named", "[bench]") {
  Options options = options_for("tiny");
  options.layers = {"training"};
  options.threads = GENERATE(1, 2);
  options.origins = {plugin_origin("wrong", WRONG_PLUGIN, WORKER)};
  const std::vector<Case> cases = run(options);
  REQUIRE(cases.size() == 1);
  CHECK(cases[0].status == status::kWrong);
  CHECK_THAT(cases[0].problem, contains_text("dk: ") && contains_text("first wrong at"));
  CHECK(cases[0].max_error > cases[0].error_limit);
  CHECK(!known(cases[0].median_s));
}

TEST_CASE("flash trains without the weights that unfused training stores", "[bench]") {
  Options options = options_for("tiny");
  options.layers = {"training"};
  for (Workload& workload : options.workloads) workload.extents.q_len = workload.extents.kv_len = 512;
  const std::vector<Case> cases = run(options);
  CHECK(the_case(cases, "unfused").workspace_bytes > 4 * 2 * 6 * 512 * 512);
  CHECK(the_case(cases, "flash").workspace_bytes < 4 * 512 * 512);
}

TEST_CASE("a case that cannot fit is refused before anything is computed", "[bench]") {
  Options options = options_for("tiny");
  options.layers = {"linear"};
  options.origins = {plugin_origin("wrong", WRONG_PLUGIN, WORKER)};
  const std::vector<Case> cases = run(options);
  REQUIRE(cases.size() == 1);
  CHECK(cases[0].status == status::kDoesNotFit);
  CHECK_THAT(cases[0].problem, contains_text("1024 GiB") || contains_text("1024"));
}

TEST_CASE("without a GPU its rows say so", "[bench]") {
  if (is_here("cuda")) return;
  Options options = options_for("tiny");
  options.layers = {"multi-head"};
  options.device = "cuda";
  options.origins = {plugin_origin("wrong", WRONG_PLUGIN, WORKER)};
  const std::vector<Case> cases = run(options);
  REQUIRE(cases.size() == 1);
  CHECK(cases[0].backend == "kernel");
  CHECK(cases[0].status == status::kNotMeasurable);
  CHECK(!cases[0].verified);
}

TEST_CASE("CUDA lessons join with what the simulator counts", "[bench]") {
  if (is_here("cuda")) return;
  Options options = options_for("core_d64");
  options.layers = {"multi-head"};
  options.device = "cuda";
  const std::vector<Case> cases = run(options);
  const auto count = [&](const std::string& backend, const std::string& name) {
    for (const auto& [counted, value] : the_case(cases, backend).counts)
      if (counted == name) return value;
    return 0.0;
  };
  for (const Case& c : cases) CHECK(c.status == status::kNotMeasurable);
  CHECK_THAT(the_case(cases, "unfused").problem, contains_text("no cuBLAS"));
  CHECK(count("kernels", "launches") == 5);
  CHECK(count("fused", "launches") == 1);
  CHECK(count("flash", "launches") == 1);
  CHECK(count("kernels", "global bytes") > count("tiled", "global bytes"));
  CHECK(count("tiled", "global bytes") > count("fused", "global bytes"));
  CHECK(count("fused", "global bytes") > count("flash", "global bytes"));
  for (const char* backend : {"wmma float16", "mma float16", "pipelined float16", "mma bfloat16"}) {
    INFO(backend);
    CHECK(count(backend, "launches") == 1);
    CHECK(2 * count(backend, "global bytes") < count("flash", "global bytes"));  // half the bytes, and larger tiles
  }
  CHECK_THAT(the_case(cases, "unfused float16").problem, contains_text("no cuBLAS"));
}

TEST_CASE("CUDA backends for one query are counted with one query", "[bench]") {
  if (is_here("cuda")) return;
  Options options = options_for("decode_gqa");
  options.device = "cuda";
  options.backends = {"paged", "paged split", "flash"};
  const std::vector<Case> cases = run(options);
  const auto count = [&](const std::string& backend, const std::string& name) {
    for (const auto& [counted, value] : the_case(cases, backend).counts)
      if (counted == name) return value;
    return 0.0;
  };
  CHECK(count("paged", "launches") == 1);
  CHECK(count("paged float16", "launches") == 1);
  CHECK(count("paged split", "launches") == 2);
  // Each key and value once, also where they are in 16 bits.
  CHECK(count("paged", "cold sectors") > 2 * 2 * 64 * 64 * 4 / 32);
  CHECK(count("paged bfloat16", "cold sectors") < count("paged", "cold sectors") / 1.9);
}

TEST_CASE("what does not fit keeps nothing else from being measured", "[bench]") {
  Options options = options_for("tiny");
  options.layers = {"multi-head"};
  Extents& e = options.workloads[0].extents;
  e.q_len = e.kv_len = 3000;
  e.batch = 1;
  options.memory = std::int64_t{800} << 20;  // two tensors of scores are 412 MiB, two workers take 600
  options.backends = {"unfused", "flash"};
  const std::vector<Case> cases = run(options);
  CHECK(the_case(cases, "unfused").status == status::kDoesNotFit);
  CHECK(the_case(cases, "flash").measured());
}

TEST_CASE("a model is scaled until it fits, and keeps its lengths and head_dim", "[bench]") {
  Options options = options_for("llama3_405b");
  options.memory = std::int64_t{3} << 30;
  fit_to_memory(options, find_offers(options));
  const Workload& w = options.workloads[0];
  CHECK(w.scale > 1);
  CHECK(w.extents.q_len == 2048);
  CHECK(w.extents.head_dim == 128);
  CHECK(w.extents.heads == 128 / w.scale);
  CHECK(w.extents.d_model == 16384 / w.scale);
  CHECK(w.extents.heads % w.extents.kv_heads == 0);
}

TEST_CASE("an interruption keeps what was measured", "[bench]") {
  int asked = 0;
  const std::vector<Case> cases = run(options_for("tiny"), [&] { return ++asked > 12; });
  CHECK(cases.front().measured());
  CHECK(cases.back().status == status::kNotReached);
}

TEST_CASE("options that fit nothing name what there is", "[bench]") {
  Options options = options_for("tiny");
  options.layers = {"latnt"};
  CHECK_THROWS_WITH(find_offers(options), contains_text("latent") && contains_text("found latnt"));
  options = options_for("seed_layer");
  options.layers = {"training"};
  CHECK_THROWS_WITH(find_offers(options), contains_text("--models") && contains_text("core_d64"));
  options = options_for("tiny");
  options.backends = {"flush"};
  CHECK_THROWS_WITH(find_offers(options), contains_text("flash") && contains_text("found flush"));
  options = options_for("tiny");
  options.device = "tpu";
  CHECK_THROWS_WITH(find_offers(options), contains_text("--device") && contains_text("cpu"));
  CHECK_THROWS_WITH(workloads_named("gpt"), contains_text("seed_layer") && contains_text("found gpt"));
  CHECK_THROWS_WITH(scaled(workloads_named("llama3_70b")[0], 3), contains_text("64 heads"));
  CHECK_THROWS_WITH(sweep(workloads_named("core_d64")[0], "hidden"), contains_text("projections"));
}

TEST_CASE("backends take what they were found to take", "[bench]") {
  Options options = options_for("tiny");
  options.device = GENERATE("cpu", "cuda");
  for (const Capability& c : probe_capabilities(options, find_offers(options))) {
    INFO(c.backend << ", " << c.formula << ", " << c.device);
    for (const auto& [what, answer] : c.takes) {
      const bool cublas = c.device == "cuda" && c.backend.starts_with("unfused") && !is_here("cuda");
      CHECK(answer != "wrong result");
      if (what == "causal mask" || (what == "fewer KV heads" && c.device == "cuda"))
        CHECK(answer.starts_with(cublas ? "the simulator has no cuBLAS" : "yes"));
      if (what == "bias" && c.backend == "flash") CHECK(answer == "takes no bias");
    }
  }
}

TEST_CASE("probes share a source until one of them ends it", "[bench]") {
  Options options = options_for("tiny");
  int opened = 0;
  options.origins = {counted(plugin_origin("wrong", WRONG_PLUGIN, WORKER), opened)};
  const std::vector<Offer> offers = find_offers(options);
  opened = 0;
  const std::vector<Capability> all = probe_capabilities(options, offers);
  REQUIRE(all.size() == 4);
  std::size_t probes = 0;
  for (const Capability& c : all) {
    probes = c.takes.size() - 1;  // the dtype is not probed
    const std::string expected = c.backend == "crash"    ? "crashed"
                                 : c.backend == "refuse" ? "not today"
                                                         : "wrong result";
    for (std::size_t i = 0; i < probes; ++i) CHECK(c.takes[i].second == expected);
  }
  CHECK(opened == 1 + static_cast<int>(probes));  // each probe of "crash" ends one
}

TEST_CASE("the reference of linear attention is its definition", "[bench]") {
  const Extents e{1, 9, 9, 1, 2, 2, 5};
  using attention_layer::Input;
  const Tensor64 q = to_double(make(Input::q, e)), k = to_double(make(Input::k, e)), v = to_double(make(Input::v, e));
  const auto phi = [](double x) { return x > 0 ? x + 1 : std::exp(x); };
  const Tensor64 got = reference_attention(q, k, v, Mask::causal, Formula::linear, 1);
  for (std::int64_t h = 0; h < 2; ++h)
    for (std::int64_t i = 0; i < 9; ++i)
      for (std::int64_t d = 0; d < 5; ++d) {
        double above = 0, below = 0;
        for (std::int64_t j = 0; j <= i; ++j) {
          double weight = 0;
          for (std::int64_t c = 0; c < 5; ++c) weight += phi(q.at(0, h, i, c)) * phi(k.at(0, h, j, c));
          above += weight * v.at(0, h, j, d), below += weight;
        }
        CHECK(got.at(0, h, i, d) == Approx(above / below));
      }
}
