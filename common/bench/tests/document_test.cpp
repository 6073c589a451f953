// Files, tables, comparison and report of results that were made up.

#include "common/bench/compare.h"
#include "common/bench/engine.h"
#include "common/bench/pivot.h"
#include "common/bench/report.h"
#include "common/bench/table.h"
#include "common/checker/catch.h"
#include "common/options/bench.h"
#include "common/system/json.h"

using namespace workbook;
using namespace workbook::bench;
#if WORKBOOK_CATCH == 3
using Catch::Approx;
#endif

namespace {

Case measured(const char* workload, const char* layer, const char* backend, double seconds, double workspace) {
  Case c;
  c.workload = workload, c.layer = layer, c.backend = backend, c.lesson = "08_fused_vs_flash";
  c.status = status::kMeasured;
  c.verified = true;
  c.extents = {1, 1024, 1024, 512, 8, 8, 64};
  c.runs = c.tries = 5;
  c.median_s = c.mean_s = seconds;
  c.std_s = seconds / 100;
  c.gflops = 1 / seconds, c.intensity = 20;
  c.workspace_bytes = workspace;
  c.max_error = 1e-6, c.error_limit = 1e-5;
  return c;
}

Document example() {
  Document document{.machine = {.processor = "A <fast> & \"cheap\" one", .peak_gflops = 100, .bandwidth_gbs = 10}};
  for (const double n : {512., 1024., 2048.})
    for (const auto& [backend, time, space] : {std::tuple{"unfused", 8., n * n}, {"flash", 2., n}}) {
      Case c = measured(("sweep@" + std::to_string(static_cast<int>(n))).c_str(), "multi-head", backend,
                        1e-7 * time * n, 100 * space);
      c.family = "seq", c.x = n, c.noisy = n == 1024;
      document.cases.push_back(c);
    }
  Case wrong = measured("tiny", "latent", "fused", 1, 1);
  wrong.status = status::kWrong, wrong.verified = false, wrong.median_s = wrong.gflops = kUnknown;
  wrong.problem = "first wrong at <0>, \"quoted\"";
  document.cases.push_back(wrong);
  document.capabilities.push_back({"flash", "08_fused_vs_flash", "cpu", "softmax", {{"bias", "takes no bias"}}});
  compare_with_baselines(document.cases);
  return document;
}

/// A GPU's: float32 and float16, right, wrong and failed, with a peer.
Document example_of_gpu() {
  Document document{.machine = {.processor = "A GPU & more; host a processor", .peak_gflops = 100, .bandwidth_gbs = 10},
                    .notes = {"PyTorch: version <2>"}};
  const auto add = [&](const char* backend, double seconds, double workspace) -> Case& {
    document.cases.push_back(measured("core_d64", "multi-head", backend, seconds, workspace));
    document.cases.back().device = "cuda", document.cases.back().family = "core";
    return document.cases.back();
  };
  const auto over = [&](const char* backend, const char* status, const char* problem) {
    Case& c = add(backend, kUnknown, kUnknown);
    c.status = status, c.problem = problem, c.verified = false, c.gflops = kUnknown;
  };
  over("kernels", status::kWrong, "first wrong at <1>");
  over("torch cudnn float16", status::kFailed, "threw: No available kernel");
  add("unfused", 8e-3, 100);
  add("flash", 4e-3, 10);
  add("torch efficient", 3e-3, kUnknown).note = "K and V are copied";
  add("torch flash float16", 1e-3, 10).dtype = "float16";
  compare_with_baselines(document.cases);
  compare_with_ceilings(document.cases, document.machine, {});
  return document;
}

/// What is wrong with the nesting of tags; empty if nothing. Knows the elements that have no end.
std::string badly_nested(const std::string& html) {
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == std::string::npos) return "no > after " + html.substr(at, 30);
    const std::string tag = html.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(tag[0] == '/', tag.find_first_of(" \n/", 1) - (tag[0] == '/'));
    if (tag[0] == '!' || tag.back() == '/' || name == "meta" || name == "br" || name == "hr") continue;
    if (tag[0] != '/') {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return "</" + name + "> ends " + (open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back() + " is not ended";
}

}  // namespace

TEST_CASE("a row of 16 bits is compared with the baseline of its own type", "[bench]") {
  std::vector<Case> cases;
  const auto add = [&](const char* backend, const char* dtype, double seconds) {
    cases.push_back(measured("core_d64", "full", backend, seconds, 100));
    cases.back().dtype = dtype;
  };
  add("unfused float16", "float16", 4e-3);
  add("unfused", "float32", 8e-3);
  add("mma float16", "float16", 1e-3);
  add("mma bfloat16", "bfloat16", 1e-3);
  add("flash", "float32", 2e-3);
  compare_with_baselines(cases);
  CHECK(cases[2].speedup == Approx(4));
  CHECK(cases[3].speedup == Approx(8));  // there is none in bfloat16
  CHECK(cases[4].speedup == Approx(4));
}

TEST_CASE("a pivot table has a row for each layer or length, and says why a cell has no number", "[bench]") {
  Document document = example();
  document.cases.push_back(measured("tiny", "latent", "flash", 2, 1));
  const std::string text = as_pivot_tables({document}, "made by");
  CHECK_THAT(text, contains_text("| tokens | unfused | flash | fastest | speedup | workspace saved |"));
  CHECK_THAT(text, contains_text("| 1024 | ~819 us | ~205 us | flash | 4.00x | 99.9 % |"));
  CHECK_THAT(text, contains_text("| latent | WRONG, not timed: first wrong at <0>, \"quoted\" | 2.00 s | flash |"));
}

TEST_CASE("JSON has the members that were promised, and null for what was not measured", "[bench]") {
  const auto json = nlohmann::json::parse(to_json(example()));
  REQUIRE(json.at("machine").is_object());
  REQUIRE(json.at("cases").size() == 7);
  for (const auto& c : json["cases"]) {
    for (const char* text : {"workload", "layer", "backend", "device"}) CHECK(c.at(text).is_string());
    for (const char* flag : {"causal", "verified", "noisy"}) CHECK(c.at(flag).is_boolean());
    for (const char* number : {"median_s", "gflops", "share_of_peak", "workspace_bytes", "max_error"})
      CHECK((c.at(number).is_number() || c.at(number).is_null()));
  }
  CHECK(json["cases"][0]["median_s"].is_number());
  CHECK(json["cases"][6]["median_s"].is_null());
}

TEST_CASE("what is written to JSON is what is read from it", "[bench]") {
  const std::string text = to_json(example());
  CHECK(to_json(from_json(text)) == text);
  CHECK_THROWS_WITH(from_json("{"), contains_text("expected the JSON that bench --json prints"));
  CHECK_THROWS_WITH(from_json("{\"machine\": {}}"), contains_text("cases"));
}

TEST_CASE("CSV has as many cells in each line as in its header", "[bench]") {
  const std::string csv = to_csv({measured("a", "b", "c", 1, 2)});
  const std::size_t end = csv.find('\n');
  CHECK(std::count(csv.begin(), csv.begin() + static_cast<std::ptrdiff_t>(end), ',') ==
        std::count(csv.begin() + static_cast<std::ptrdiff_t>(end), csv.end(), ','));
  Case quoted = measured("a", "b", "c", 1, 2);
  quoted.problem = "one, \"two\"";
  CHECK_THAT(to_csv({quoted}), contains_text("\"one, \"\"two\"\"\""));
}

TEST_CASE("speedup and memory saved are against unfused", "[bench]") {
  const Document document = example();
  CHECK(document.cases[0].speedup == Approx(1));
  CHECK(document.cases[1].speedup == Approx(4));
  CHECK(document.cases[1].memory_saved == Approx(1 - 1. / 512));
  const Summary summary = summarize(document.cases);
  CHECK(summary.groups == 3);
  CHECK(summary.average_speedup == Approx(4));
  CHECK(summary.best_backend == "flash");
  CHECK(summary.most_saved == Approx(1 - 1. / 2048));
}

TEST_CASE("tables say why a case has no numbers, and mark the noisy ones", "[bench]") {
  for (const std::string& text : {as_text(example()), as_markdown(example())}) {
    CHECK_THAT(text, contains_text("WRONG, not timed: first wrong at"));
    CHECK_THAT(text, contains_text("~"));
    CHECK_THAT(text, contains_text("4.00x"));
  }
}

TEST_CASE("a case of a device that is not there shows the simulator's counts", "[bench]") {
  Document document = example();
  Case& c = document.cases[6];
  c.status = status::kNotMeasurable;
  c.counts = {{"launches", 5}, {"global sectors", 1024}};
  const Rows expected = {{"backend", "lesson", "launches", "global sectors"},
                         {c.backend, c.lesson.substr(0, 2), "5", "1024"}};
  document.cases.push_back(c);  // another layer by the same backend has the same
  CHECK(count_rows(document.cases) == expected);
  for (const std::string& text : {as_text(document), as_markdown(document)})
    CHECK_THAT(text, contains_text("not measurable here") && contains_text(kCountsTitle));
  CHECK_THAT(report({document}), contains_text(kCountsTitle));
  CHECK(to_json(from_json(to_json(document))) == to_json(document));
}

TEST_CASE("the report is well-formed and needs no other file", "[bench]") {
  const std::string page = report({example(), example()});
  CHECK(badly_nested(page) == "");
  CHECK(badly_nested("<p><b></p></b>") != "");
  for (const char* foreign : {"<script", "<link", "<img", "src=", "href=", "url(", "@import"})
    CHECK_THAT(page, !contains_text(foreign));
  std::string without_namespaces = page;
  for (std::size_t at; (at = without_namespaces.find("xmlns=\"http://www.w3.org/2000/svg\"")) != std::string::npos;)
    without_namespaces.erase(at, 34);
  CHECK_THAT(without_namespaces, !contains_text("http"));
  CHECK_THAT(page, contains_text("A &lt;fast&gt; &amp; &quot;cheap&quot; one"));
  for (const char* there : {"Time: multi-head", "Workspace: multi-head", "Speedup: multi-head",
                            "Memory saved: multi-head", "Roofline", "prefers-color-scheme:dark", "@media print"})
    CHECK_THAT(page, contains_text(there));
}

TEST_CASE("notes of peers and rows stand beside the tables, and so do their types", "[bench]") {
  const Document document = example_of_gpu();
  CHECK(to_json(from_json(to_json(document))) == to_json(document));
  CHECK(from_json(to_json(document)).notes == document.notes);
  for (const std::string& text : {as_text(document), as_markdown(document)}) {
    CHECK_THAT(text, contains_text("PyTorch: version <2>"));
    CHECK_THAT(text, contains_text("torch efficient: K and V are copied"));
    CHECK_THAT(text, contains_text("float32, and float16 in the rows that say so"));
  }
  CHECK_THAT(as_text(example()), contains_text("; float32\n"));
}

TEST_CASE("a 16-bit case competes with no float32 case, and has no share of float32's peak", "[bench]") {
  const Document document = example_of_gpu();
  CHECK(summarize(document.cases).best_backend == "torch efficient");
  CHECK(summarize(document.cases).largest_speedup == Approx(8. / 3));
  CHECK(document.cases[5].speedup == Approx(8));
  CHECK_FALSE(known(document.cases[5].share_of_peak));
  CHECK_FALSE(known(document.cases[5].share_of_roof));
  CHECK(known(document.cases[4].share_of_peak));
}

TEST_CASE("the report has a section for each GPU, after those of the CPU", "[bench]") {
  const Document gpu = example_of_gpu();
  const std::string page = report({gpu, example(), gpu});
  CHECK(badly_nested(page) == "");
  const std::size_t title = page.find("<h1>A GPU &amp; more</h1>");
  REQUIRE(title != std::string::npos);
  CHECK(page.find("<h1>A GPU", title + 1) == std::string::npos);
  CHECK(page.find("A &lt;fast&gt;") < title);
  CHECK_THAT(page.substr(0, title), !contains_text("core_d64"));
  const std::string section = page.substr(title);
  for (const char* there :
       {"PyTorch: version &lt;2&gt;", "torch efficient: K and V are copied", "Roofline, measured",
        "Time: core_d64, multi-head", ">torch flash float16<", "WRONG, not timed: first wrong at &lt;1&gt;",
        "failed: threw: No available kernel", "float32, and float16 in the rows that say so"})
    CHECK_THAT(section, contains_text(there));
  std::size_t best = 0;  // the fastest of each type, in each of the two documents
  for (std::size_t at = 0; (at = section.find("<tr class=\"best\">", at)) != std::string::npos; ++at) ++best;
  CHECK(best == 4);
  Document without = gpu;
  without.machine.processor = std::string(kNoGpu) + "; host a processor";
  CHECK_THAT(report({without}), contains_text("<h1>CUDA, without a GPU</h1>"));
}

TEST_CASE("results say who multiplied the projections, and a comparison whether that changed", "[bench]") {
  const Document before = example();
  Document after = before;
  after.machine.products = "a library 1.2";
  CHECK_THAT(as_text(after), contains_text("projections by a library 1.2"));
  CHECK_THAT(report({after}), contains_text("projections by a library 1.2"));
  CHECK(from_json(to_json(after)).machine.products == "a library 1.2");
  CHECK_THAT(comparison(before, before), !contains_text("machines differ"));
  CHECK_THAT(comparison(before, after), contains_text("machines differ"));
}

TEST_CASE("the help names every workload") {
  std::vector<std::string> named(kWorkloads.begin(), kWorkloads.end()), defined;
  for (const Workload& workload : all_workloads()) defined.push_back(workload.name);
  CHECK(named == defined);
}

TEST_CASE("a comparison tells what changed beyond the noise, and only that", "[bench]") {
  const Document before = example();
  Document after = before;
  CHECK_THAT(comparison(before, after), contains_text("7 cases in both, 0 changed"));
  after.cases[1].median_s /= 1.5;       // faster
  after.cases[2].median_s *= 1.5;       // noisy: not compared
  after.cases[5].median_s *= 1.04;      // within 5 %
  after.cases[4].workspace_bytes *= 2;  // memory needs no clock
  after.cases[6].verified = true;
  after.cases.push_back(measured("new", "multi-head", "flash", 1, 1));
  const std::string text = comparison(before, after);
  CHECK_THAT(text, contains_text("sweep@512, multi-head, flash: 1.50x faster"));
  CHECK_THAT(text, contains_text("sweep@2048, multi-head, unfused: workspace"));
  CHECK_THAT(text, contains_text("tiny, latent, fused: is right now"));
  CHECK_THAT(text, contains_text("new, multi-head, flash: only after"));
  CHECK_THAT(text, contains_text("7 cases in both, 3 changed"));
  Document spread = before;
  spread.cases[1].median_s *= 1.5, spread.cases[1].std_s = spread.cases[1].median_s;  // within three standard errors
  CHECK_THAT(comparison(before, spread), contains_text("0 changed"));
}
