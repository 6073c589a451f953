#include "common/checker/catch.h"
#include "common/grading/release/edition_archive.h"
#include "common/grading/release/edition_files.h"
#include "common/grading/release/edition_search.h"
#include "common/grading/tests/packer.h"

namespace workbook::grading {
namespace {

TEST_CASE("texts for students", "[edition]") {
  const EditionFiles files{{"README.md", {}}, {"docs/here.md", {}}, {"lessons/01_a/README.md", {}}};
  const auto text = [&](const std::string& source) { return text_for_students(source, "docs/x.md", files); };
  CHECK(text("a\n<!-- instructors -->\nb\n<!-- /instructors -->\nc\n") == "a\nc\n");
  CHECK(text("see [this](here.md), [that](gone.md#part) and [the web](https://x.org)\n") ==
        "see [this](here.md), that and [the web](https://x.org)\n");
  CHECK(text("- [Gone](gone.md): with\n  a second line\n- [Here](here.md)\n") == "- [Here](here.md)\n");
  CHECK(text("[up](../README.md), [a folder](../lessons/01_a/), [another](../lessons/02_b/), [below](#below)\n") ==
        "[up](../README.md), [a folder](../lessons/01_a/), another, [below](#below)\n");
  CHECK(text_for_students("[docs](docs/) [lessons](lessons)\n", "README.md", files) ==
        "[docs](docs/) [lessons](lessons)\n");
}

TEST_CASE("an editor's settings go along, and nothing else of its folder", "[edition]") {
  const Scratch scratch;
  scratch.write("common/CMakeLists.txt", "");
  scratch.write(".vscode/tasks.json", "{}");
  scratch.write(".vscode/cache.bin", "0");
  const EditionFiles files = collect_edition(scratch.path(), {});
  CHECK(files.count(".vscode/tasks.json") == 1);
  CHECK(files.count(".vscode/cache.bin") == 0);
}

TEST_CASE("what is the instructor's is found wherever it hides", "[edition]") {
  const Scratch scratch;
  const std::string first = "const auto shifted = subtract_maximum_of_each_row(logits);";
  const std::string second = "return normalise_by_the_sum_of_exponentials(shifted, mask);";
  const std::string insight = "// The maximum cancels, so that nothing overflows and nothing changes.";
  scratch.write("solutions/01_a/a.cpp", first + "\n  " + second + "\n" + insight +
                                            "\nfor (int i = 0; i < 1'000'000; ++i) nothing_special(i);\n");
  scratch.write("testcases/01_a/hidden/hidden_test.cpp",
                "TEST_CASE(\"rows of a million are as exact\", \"[hidden]\") {}\n\"a sentence that both tests say\"\n");
  scratch.write("testcases/01_a/basic_test.cpp", "\"a sentence that both tests say\"");
  const auto leaks = [&](const std::string& path, const std::string& content) {
    return find_leaks({{path, {content}}}, scratch.path()).size();
  };
  CHECK(leaks("lessons/01_a/a.cpp", "  " + first + "\n  " + second) == 1);
  CHECK(leaks("lessons/01_a/a.cpp", first) == 0);  // one line of code is everybody's
  CHECK(leaks("lessons/01_a/a.cpp", insight) == 1);
  CHECK(leaks("lessons/01_a/hints.md", first + second) == 0);
  CHECK(leaks("lessons/01_a/a.cu", first + second + insight) == 0);  // the host code around a kernel
  CHECK(leaks("lessons/01_a/b.cuh", first + second + insight) == 0);
  CHECK(leaks("lessons/01_a/a.cpp", "for (int i = 0; i < 1'000'000; ++i) nothing_special(i);") == 0);
  CHECK(leaks("docs/x.md", "as in rows of a million are as exact, say") == 1);
  CHECK(leaks("docs/x.md", "a sentence that both tests say") == 0);
  CHECK(leaks("docs/x.md", "see " + scratch.path().string() + "/lessons") == 1);
  for (const char* path :
       {"solutions/01_a/a.cpp", "testcases/01_a/hidden/x.h", "common/grading/grade.cpp", ".git/HEAD"})
    CHECK(leaks(path, "") == 1);
  CHECK(find_leaks({{"docs/x.md", {insight}}}, scratch.path(), {"docs/x.md"}).empty());
  workspace::Lesson released;
  released.id = "01_a";
  const EditionFiles solution{{"solutions/01_a/a.cpp", {first + second + insight}}};
  CHECK(find_leaks(solution, scratch.path()).size() == 2);
  CHECK(find_leaks(solution, scratch.path(), {}, {released}).empty());
  scratch.write("solutions/02_b/b.cpp", first + "\n" + second + "\n" + insight);  // shares its lines
  CHECK(find_leaks(solution, scratch.path(), {}, {released}).empty());
  CHECK(find_leaks({{"testcases/01_a/hidden/x.h", {}}}, scratch.path(), {}, {released}).size() == 1);
}

TEST_CASE("an archive of an edition is the same bytes, wherever and whenever", "[edition]") {
  const EditionFiles files{{"b", {"text"}}, {"a/run", {"#!/bin/sh", true}}};
  const std::string zip = zip_of(files, "book", 1'700'000'000);
  ::setenv("TZ", "Asia/Tokyo", 1);
  CHECK(zip_of(files, "book", 1'700'000'000) == zip);
  CHECK(zip_of(files, "book", 1'800'000'000) != zip);
  CHECK(zip_of(files, "book", 0).size() == zip.size());
}

}  // namespace
}  // namespace workbook::grading
