// Somebody's own rows: judged by their own method and model, beside the solutions', as text, Markdown and page.

#include "common/bench/class_page.h"
#include "common/bench/console.h"
#include "common/bench/mine_page.h"
#include "common/bench/mine_table.h"
#include "common/bench/own_method.h"
#include "common/bench/own_model.h"
#include "common/bench/tests/tiny_runs.h"
#include "common/checker/catch.h"

using namespace workbook;
using namespace workbook::bench;
#if WORKBOOK_CATCH == 3
using Catch::Approx;
#endif

namespace {

Case measured(const char* impl, const char* backend, std::vector<double> seconds) {
  Case c;
  c.workload = "core_d64", c.family = "core", c.layer = "multi-head", c.impl = impl, c.lesson = "08_fused_vs_flash";
  c.backend = std::string(backend) + (*impl ? " (" + c.impl + ")" : "");
  c.status = status::kMeasured, c.verified = true;
  c.extents = {.batch = 1, .q_len = 64, .kv_len = 64, .heads = 4, .kv_heads = 4, .head_dim = 64};
  c.median_s = c.mean_s = seconds.front(), c.std_s = 0.001;
  c.gflops = 1 / c.median_s, c.share_of_peak = 0.5, c.runs = 3;
  c.workspace_bytes = 4096, c.max_error = 1e-6;
  c.seconds = std::move(seconds);
  return c;
}

/// Rows of a student who has not written one backend and has one wrong, of the solution, and of a peer.
Document example() {
  Document document{.machine = {.processor = "A processor", .peak_gflops = 100, .bandwidth_gbs = 10}};
  document.cases = {measured("mine", "unfused", {8, 8, 8}),  measured("mine", "flash", {4, 4, 5, 6}),
                    measured("mine", "fused", {1}),          measured("mine", "vectorized", {1}),
                    measured("solution", "unfused", {4, 4}), measured("solution", "flash", {2, 2, 2}),
                    measured("", "onnxruntime", {3, 3, 3})};
  for (const auto& [i, status, problem] :
       {std::tuple{2, status::kWrong, "first wrong at <0>"}, {3, status::kNotStarted, "it is not written yet"}}) {
    Case& c = document.cases[static_cast<std::size_t>(i)];
    c.status = status, c.problem = problem, c.median_s = c.mean_s = kUnknown, c.seconds.clear();
  }
  document.board = {{"08_fused_vs_flash", "Fused & flash", "passed", 50, 50},
                    {"12_vectorized_flash", "Vectorized", "not started", 0, 60}};
  compare_with_baselines(document.cases);
  return document;
}

const Rival& the_rival(const Case& c, const std::string& name) {
  for (const Rival& rival : c.own.rivals)
    if (rival.name == name) return rival;
  throw std::logic_error("no rival " + name);
}

/// The cells of the own row of this backend, side by side.
std::string own_row(const Document& document, const std::string& backend) {
  for (const auto& row : own_rows(document.cases, 0, document.cases.size()))
    if (row.at(1) == backend) return join(row);
  return "";
}

}  // namespace

TEST_CASE("speedups are against the unfused backend of the same implementation", "[bench]") {
  const std::vector<Case> cases = example().cases;
  CHECK(cases[1].speedup == Approx(2));
  CHECK(cases[5].speedup == Approx(2));
  CHECK(base_name(cases[1]) == "flash");
  CHECK(base_name(cases[6]) == "onnxruntime");
}

TEST_CASE("without an own unfused backend, speedups are against the solution's", "[bench]") {
  std::vector<Case> cases = example().cases;
  cases[0].status = status::kFailed;
  compare_with_baselines(cases);
  CHECK(cases[1].speedup == Approx(1));
}

TEST_CASE("a method's functions are asked until they fail, and what failed is said", "[bench]") {
  Document document = example();
  OwnMethod method(METHOD_PLUGIN, WORKER);
  method.judge(document.cases, document.machine);
  const Case& flash = document.cases[1];
  CHECK(flash.own.low_s == 4);
  CHECK(flash.own.high_s == 6);
  CHECK(flash.median_s == kConfidence);
  CHECK(flash.gflops == Approx(0.25 * 4 / kConfidence));
  CHECK(the_rival(flash, "unfused (mine)").low == 3);  // as many runs as both have
  CHECK(the_rival(flash, "unfused (mine)").speedup == 3);
  CHECK(the_rival(flash, "flash (solution)").high == Approx(0.5));
  CHECK(the_rival(flash, "onnxruntime").high == Approx(0.75));
  CHECK(document.cases[2].own.rivals.empty());
  CHECK(document.cases[5].own.rivals.size() == 3);  // its own unfused, the student's flash, the peer
  const std::string problems = join(method.problems());
  CHECK_THAT(problems, contains_text("find_drift is not written yet"));
  CHECK_THAT(problems, contains_text("find_outliers crashed"));
  CHECK_THAT(problems, contains_text("useful_work threw: no work today"));
}

TEST_CASE("an order that leaves out a case is not followed", "[bench]") {
  OwnMethod method(METHOD_PLUGIN, WORKER);
  CHECK(method.order(3, 2) == there_and_back(3, 2));
  CHECK_THAT(join(method.problems()), contains_text("order_of_runs does not have every case once in each round"));
}

TEST_CASE("without a method, rows have no interval, and the reason is said once", "[bench]") {
  Document document = example();
  OwnMethod method("", WORKER);
  method.judge(document.cases, document.machine);
  CHECK(!known(document.cases[1].own.low_s));
  CHECK_THAT(join(method.problems()), contains_text("median_interval threw: is not here"));
  CHECK_THAT(own_row(document, "flash"), contains_text("multi-head, flash, 4.00 s, 2.00x"));
}

TEST_CASE("in two rounds, there and back, the mean place of every case is the same", "[bench]") {
  const int cases = GENERATE(1, 2, 5);
  std::vector<int> places(static_cast<std::size_t>(cases), 0);
  const std::vector<int> order = there_and_back(cases, 2);
  for (std::size_t i = 0; i < order.size(); ++i) places[static_cast<std::size_t>(order[i])] += static_cast<int>(i);
  CHECK(std::ranges::count(places, 2 * cases - 1) == cases);
}

TEST_CASE("runs keep to the order that is given, and cases keep all their seconds", "[bench]") {
  Options options = options_for("tiny");
  options.layers = {"multi-head"}, options.backends = {"fused", "flash"}, options.num_runs = 2;
  options.keep_series = true;
  std::vector<std::pair<int, int>> asked;
  options.order = [&](int cases, int rounds) {
    asked.emplace_back(cases, rounds);
    return there_and_back(cases, rounds);
  };
  for (const Case& c : run(options)) CHECK(static_cast<int>(c.seconds.size()) == c.tries);
  CHECK(asked.front() == std::pair(2, 2));
}

TEST_CASE("a time model's errors, right choices and regret are those of its predictions", "[bench]") {
  std::vector<Case> cases = example().cases;
  const auto words = predict(cases, "mine", SELECTOR_PLUGIN, WORKER);
  CHECK(words == std::vector<std::string>{"flash: as measured"});
  CHECK(!known(cases[5].predicted_s));  // the solution's
  const Foresight found = foresight(cases);
  CHECK(found.rows == 2);
  CHECK(found.median_error == Approx((0 + 0.99) / 2));
  CHECK(found.choices == 1);
  CHECK(found.right == 0);  // it takes unfused, which is twice as slow
  CHECK(found.largest_regret == Approx(1));
  CHECK(found.largest_of == "multi-head on core_d64, unfused in place of flash");
}

TEST_CASE("a model that leaves out rows predicts nothing", "[bench]") {
  std::vector<Case> cases = example().cases;
  cases.resize(1);
  CHECK_THAT(join(predict(cases, "mine", SELECTOR_PLUGIN, WORKER)),
             contains_text("expected predictions of 1 rows; found 0"));
  CHECK(!known(cases[0].predicted_s));
  CHECK(foresight_lines(cases).empty());
}

TEST_CASE("what somebody has written survives a file", "[bench]") {
  Document document = example();
  OwnMethod method(METHOD_PLUGIN, WORKER);
  method.judge(document.cases, document.machine);
  document.cases[1].predicted_s = 7, document.model = {"flash: <slow>"};
  const Document again = from_json(to_json(document));
  CHECK(again.cases[1].seconds == document.cases[1].seconds);
  CHECK(again.cases[1].own.high_s == 6);
  CHECK(again.cases[1].predicted_s == 7);
  CHECK(the_rival(again.cases[1], "flash (solution)").outcome == "undecided");
  CHECK(again.board.at(1).verdict == "not started");
  CHECK_THAT(mine_page({again}), contains_text("<li>flash: &lt;slow&gt;</li>"));
  CHECK(mine_page({again}) == mine_page({document}));
}

TEST_CASE("wrong and unwritten backends are rows that say so, in every form", "[bench]") {
  Document document = example();
  OwnMethod method(METHOD_PLUGIN, WORKER);
  method.judge(document.cases, document.machine);
  CHECK_THAT(own_row(document, "fused"), contains_text("WRONG, not timed: first wrong at <0>"));
  CHECK_THAT(own_row(document, "vectorized"), contains_text("not started"));
  CHECK_THAT(own_row(document, "onnxruntime"), contains_text("3.00 s"));
  CHECK(own_rows(document.cases, 0, document.cases.size()).size() == 6);  // the solution's stand in the others' rows
  for (const std::string& text : {mine_as_text({document}), mine_as_markdown({document}), mine_page({document})}) {
    CHECK_THAT(text, contains_text("not started"));
    CHECK_THAT(text, contains_text("1 of 2, with 50 of 110 points") || contains_text("<b>1 of 2</b>"));
  }
  CHECK_THAT(mine_page({document}), contains_text("first wrong at &lt;0&gt;") && contains_text("Fused &amp; flash"));
}

TEST_CASE("a class is ordered by the share of peak, and what is wrong is said", "[bench]") {
  Document slow = example(), fast = example();
  slow.person = "Ann <1>", fast.person = "Bob", fast.cases[1].share_of_peak = 0.9;
  slow.cases.resize(4), fast.cases.resize(4);
  const std::string page = class_page({from_json(to_json(slow)), fast});
  const auto place = [&](const std::string& text) { return page.find(text); };
  CHECK(place("<td class=\"text\">Bob</td><td>90 %, flash</td>") <
        place("<td class=\"text\">Ann &lt;1&gt;</td><td>50 %, unfused"));
  CHECK(place("Ann &lt;1&gt;") < page.size());
  CHECK_THAT(page, contains_text("2 right, 1 wrong, 1 not started"));
}

TEST_CASE("a console's table has mean and deviation, memory, MSE and mean result", "[bench]") {
  Document document = example();
  document.cases[1].mse = 2.5e-9, document.cases[1].mean_result = -0.25, document.cases[1].peak_bytes = 3 << 20;
  const std::string text = as_console(document);
  CHECK_THAT(text, contains_text("│ multi-head, flash (mine)"));
  CHECK_THAT(text, contains_text("4.0000 ± 0.0010") && contains_text("3.00") && contains_text("2.50e-09") &&
                       contains_text("-0.250000"));
  std::size_t width = 0;
  for (std::size_t at = text.find("┏"), end = 0; at < text.size(); at = end + 1) {
    end = std::min(text.find('\n', at), text.size());
    width = width == 0 ? text_width(text.substr(at, end - at)) : width;
    CHECK(text_width(text.substr(at, end - at)) == width);
  }
}
