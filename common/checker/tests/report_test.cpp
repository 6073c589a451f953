/// What a run writes.

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/checker/catch.h"
#include "common/checker/report.h"
#include "common/system/json.h"

using namespace workbook;

namespace {

std::vector<nlohmann::json> lines_of(const std::string& file) {
  std::ifstream in(file);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE("tags tell group, function and points", "[report]") {
  const report::Test test =
      describe_test("04_grouped_query", "Keeps the copies, together!", {"basic", "repeat_kv", "2pt"}, "f.cpp", 3);
  CHECK(test.id == "04_grouped_query/keeps-the-copies-together");
  CHECK(test.group == "basic");
  CHECK(test.function == "repeat_kv");
  CHECK(test.points == 2);
}

TEST_CASE("a cause is told once, of the other tests only where", "[report]") {
  const auto wrong = [](const std::string& text) { return std::vector<Note>{{Verdict::wrong, text}}; };
  Explanations explanations;
  const std::string likely = "\nexpected 1, got 2\nLikely: the mask is missing\n";
  CHECK(explanations.of("first", wrong("f([2])" + likely)) == "f([2])" + likely);
  CHECK(explanations.of("second", wrong("f([3])\nexpected 3, got 5\nLikely: the mask is missing\n")) ==
        "f([3])\nfor the same reason as \"first\"\n");
  const std::string race = "\nflash.cu:70: a race between threads 3 and 5 of block (0, 0, 0)";
  CHECK(explanations.of("third", wrong("f([4])" + race)) == "f([4])" + race + "\n");
  CHECK(explanations.of("fourth", wrong("g([5])\nflash.cu:70: a race between threads 1 and 2 of block (3, 0, 0)")) ==
        "g([5])\nfor the same reason as \"third\"\n");
  const auto raced = [&](const std::string& test, const std::string& kernel, const char* first, const char* second) {
    const std::string text =
        "f([6])\n" + std::string(first) + ": kernel " + kernel +
        ", block (0, 0, 0), thread (1, 0, 0) writes a word that thread (2, 0, 0) has read since the "
        "last barrier: a race. It was read at " +
        second + ". Put a __syncthreads() between the two.";
    return explanations.of(test, wrong(text));
  };
  CHECK_THAT(raced("fifth", "k<64, true>", "flash.cu:80", "flash.cu:84"), contains_text("a race. It was read"));
  CHECK(raced("sixth", "k<32, false>", "flash.cu:84", "flash.cu:80") == "f([6])\nfor the same reason as \"fifth\"\n");
  CHECK_THAT(raced("seventh", "k<64, true>", "flash.cu:80", "flash.cu:90"), contains_text("a race. It was read"));
  // Another line, other values without a cause, or two causes at once: each is told.
  for (const std::string text : {"f([4])\nflash.cu:71: a race between threads 3 and 5", "f([4])\nexpected 1, got 2",
                                 "f([4])\nexpected 1, got 3"})
    CHECK(explanations.of("another", wrong(text)) == text + "\n");
  CHECK_THAT(explanations.of("both", {{Verdict::wrong, "f([2])" + likely}, {Verdict::wrong, "f([9])\nexpected 7"}}),
             contains_text("Likely: the mask is missing"));
}

TEST_CASE("a report is one line for each event, whatever the student printed", "[report]") {
  const std::string file = std::filesystem::temp_directory_path() / ("report_test." + std::to_string(getpid()));
  {
    Report report({.lesson = "x", .plugin = "p", .file = file, .quiet = true});
    report.begin(std::vector<report::Test>(2));
    const TestResult good{.test = describe_test("x", "a", {"basic", "f", "2pt"}, "f", 1), .remarks = {"16 MiB"}};
    const TestResult bad{.test = describe_test("x", "b", {"basic", "f", "3pt"}, "f", 2),
                         .verdict = Verdict::crashed,
                         .notes = {{Verdict::crashed, "Segmentation fault"}},
                         .output = "\xff\xfe\n\"quoted\"\x1b[31m"};
    report.add(good);
    report.add(bad);
    CHECK(report.end() == Verdict::crashed);
  }
  auto lines = lines_of(file);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0]["event"] == "run");
  CHECK(lines[1]["points"] == 2);
  CHECK(lines[1]["remarks"] == std::vector<std::string>{"16 MiB"});
  CHECK(lines[2]["verdict"] == "crashed");
  CHECK(lines[2]["points"] == 0);
  CHECK(lines[3].erase("starting_s") == 1);
  CHECK(lines[3] == nlohmann::json{{"event", "end"},
                                   {"verdict", "crashed"},
                                   {"passed", 1},
                                   {"but_for_counts", 0},
                                   {"total", 2},
                                   {"points", 2},
                                   {"max_points", 5}});
  std::remove(file.c_str());
}

TEST_CASE("a report of a GPU says of each test what was verified", "[report]") {
  const std::string file = std::filesystem::temp_directory_path() / ("report_test." + std::to_string(getpid()));
  const report::Test info = describe_test("x", "a", {"basic", "f", "1pt"}, "f", 1);
  const TestResult whole{.test = info, .held = 3};
  const auto unverified = Verdict::not_verifiable_here;
  const TestResult values{.test = info, .verdict = unverified, .held = 1, .left_to_simulator = true};
  const TestResult nothing{.test = info, .verdict = unverified, .left_to_simulator = true};
  const TestResult machine{.test = info, .verdict = unverified, .held = 1};
  const TestResult wrong{.test = info, .verdict = Verdict::wrong, .held = 1};
  const auto verdict = [&](bool on_gpu, const std::vector<TestResult>& results) {
    Report report({.file = file, .quiet = true, .on_gpu = on_gpu});
    for (const TestResult& result : results) report.add(result);
    return report.end();
  };
  CHECK(verdict(true, {whole, values, nothing}) == Verdict::passed);
  const auto lines = lines_of(file);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0]["verified"] == "all");
  CHECK(lines[1]["verified"] == "values");
  CHECK(lines[2]["verified"] == "nothing");
  CHECK(lines[3]["passed"] == 1);
  CHECK(lines[3]["but_for_counts"] == 1);
  CHECK(verdict(true, {whole, values, wrong}) == Verdict::wrong);
  CHECK(verdict(true, {nothing}) == Verdict::not_verifiable_here);
  CHECK(verdict(true, {whole, machine}) == Verdict::not_verifiable_here);
  CHECK(verdict(false, {whole, values}) == Verdict::not_verifiable_here);
  std::remove(file.c_str());
}

TEST_CASE("no tests prove nothing", "[report]") {
  Report report({.quiet = true});
  report.begin({});
  CHECK(report.end() == Verdict::not_verifiable_here);
}

TEST_CASE("verdicts are spelled once", "[report]") {
  for (const VerdictInfo& entry : kVerdicts) {
    CHECK(&info(entry.verdict) == &entry);
    CHECK(verdict_named(entry.name) == entry.verdict);
  }
  CHECK_FALSE(verdict_named("fine"));
  CHECK(worse(Verdict::passed, Verdict::not_started) == Verdict::not_started);
}
