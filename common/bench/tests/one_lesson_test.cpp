// A short look at one lesson.

#include "common/bench/one_lesson.h"

#include <thread>

#include "common/bench/tests/tiny_runs.h"
#include "common/checker/catch.h"

using namespace workbook;
using namespace workbook::bench;
#if WORKBOOK_CATCH == 3
using Catch::Approx;
#endif

namespace {

Origin by(const std::string& impl, const std::string& lesson) {
  Origin origin = plugin_origin(lesson, TYPED_PLUGIN, WORKER);
  origin.impl = impl;
  return origin;
}

std::string listed(const std::vector<Origin>& origins) {
  std::vector<std::string> names;
  for (const Origin& origin : origins) names.push_back(origin.lesson.substr(0, 2) + " " + origin.impl);
  return join(names);
}

/// What a command asks for that names nothing but a solved lesson.
RunCommand completed_for(const std::string& lesson, RunCommand command = {}) {
  command.lesson = lesson;
  return completed(command, origins_of_lesson(plugin_origins(PLUGINS, "solution", WORKER), lesson));
}

}  // namespace

TEST_CASE("one lesson runs by everyone, beside the solution's flash", "[bench]") {
  const std::vector<Origin> mine{by("mine", "08_fused_vs_flash"), by("mine", "12_typed")};
  std::vector<Origin> all = mine;
  for (const char* lesson : {"02_other", "08_fused_vs_flash", "12_typed"}) all.push_back(by("solution", lesson));
  CHECK(listed(origins_of_lesson(all, "12")) == "12 mine, 12 solution, 08 solution");
  CHECK(listed(origins_of_lesson(mine, "12")) == "12 mine, 08 mine");
  CHECK(listed(origins_of_lesson(all, "8")) == "08 mine, 08 solution");
  CHECK_THROWS_WITH(origins_of_lesson(all, "7"),
                    "expected the number of a lesson that joins the benchmark: 02, 08, 12; found 7");
}

TEST_CASE("one lesson has the layers and the device of its backends, and all cores", "[bench]") {
  const RunCommand softmax = completed_for("08");
  CHECK(softmax.threads == static_cast<int>(std::thread::hardware_concurrency()));
  CHECK(softmax.num_runs == 3);
  CHECK(join(softmax.models) == "core_d64, decode_gqa");
  CHECK(join(softmax.layers) == "multi-head, full, grouped-query");
  CHECK(join(completed_for("09").layers) == "training");
  CHECK(join(completed_for("10").layers) == "linear, softmax-feature");
  CHECK(join(completed_for("11").layers) == "latent");
  CHECK(join(completed_for("11").models) == "seed_layer");
  CHECK(completed_for("16").device == "cuda");
}

TEST_CASE("one lesson leaves what the command says as it is", "[bench]") {
  RunCommand command;
  command.models = {"tiny"}, command.threads = 1;
  CHECK(completed_for("08", command).threads == 1);
  CHECK(join(completed_for("08", command).models) == "tiny");
  CHECK(completed_for("08", command).layers.empty());
  CHECK(completed({}, {}).threads == 1);
  CHECK(completed({}, {}).num_runs == 5);
}

TEST_CASE("rows of one lesson say whose they are, and are compared with flash", "[bench]") {
  Options options = options_for("tiny");
  options.layers = {"multi-head"};
  std::vector<Origin> all = options.origins;
  all.push_back(by("mine", "12_typed")), all.push_back(by("solution", "12_typed"));
  std::erase_if(all, [](const Origin& o) { return o.lesson.starts_with("12_") && o.lesson != "12_typed"; });
  options.origins = origins_of_lesson(all, "12");
  restrict_to_lesson(options);
  const std::vector<Case> cases = run(options);
  std::vector<std::string> names;
  for (const Case& c : cases) names.push_back(c.backend);
  CHECK(join(names) ==
        "typed (mine), teller (mine), part teller (mine), rung (mine), typed (solution), teller (solution), "
        "part teller (solution), rung (solution), flash (solution)");
  CHECK(cases.front().impl == "mine");
  CHECK(cases.front().lesson == "12_typed");
  CHECK(cases.back().impl == "solution");
  CHECK(cases.back().speedup == 1);
  CHECK(cases.front().speedup == Approx(cases.back().median_s / cases.front().median_s));
}

TEST_CASE("a ladder runs only if it is named", "[bench]") {
  Options options = options_for("tiny");
  options.origins = {by("solution", "12_typed")};
  options.layers = {"multi-head"};
  CHECK(run(options).size() == 3);
  options.backends = {"rung"};
  CHECK(the_case(run(options), "rung").measured());
}
