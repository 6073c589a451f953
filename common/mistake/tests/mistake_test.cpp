/// Mistakes as diffs: what their headers say, where their hunks fit, and what is refused.

#include "common/mistake/mistake.h"
#include "common/checker/catch.h"

using namespace workbook;

namespace {

constexpr const char* kHead = "--- a/x.cpp\n+++ b/x.cpp\n";

std::string applied(const std::string& hunks, const char* solution) { return mistake::apply(kHead + hunks, solution); }

std::string refusal(const std::string& diff, const char* solution) try {
  mistake::apply(diff, solution);
  return "nothing";
} catch (const mistake::Malformed& error) {
  return error.what();
}

}  // namespace

TEST_CASE("a mistake's header names the idea, the test, its group and what is told", "[mistake]") {
  const std::string text =
      "Mistake: heads are interleaved.\n"
      "Caught by: \"keeps the \"copies\" together\"  [advanced]\n"
      "Told as: \"look interleaved\"\n"
      "--- a/x.cpp\n+++ b/x.cpp\n@@ -1 +1 @@\n-Mistake: not this one\n+int b;\n";
  const mistake::Mistake mistake = mistake::parse(text);
  CHECK(mistake.idea == "heads are interleaved.");
  CHECK(mistake.test == "keeps the \"copies\" together");
  CHECK(mistake.group == "advanced");
  CHECK(mistake.told_as == "look interleaved");
  CHECK(mistake.diff == text.substr(text.find("--- a")));
  CHECK(mistake::problems(mistake).empty());
  CHECK(mistake::text_of(mistake) == text);
}

TEST_CASE("a header that lacks something says what", "[mistake]") {
  const auto found = [](const char* text) { return mistake::problems(mistake::parse(text)).size(); };
  CHECK(found("") == 2);
  CHECK(found("Mistake: x\nCaught by: \"t\" [secret]\n") == 1);
  CHECK(found("Mistake: x\nCaught by: t [basic]\n") == 1);
  CHECK(found("Mistake: x\nCaught by: \"t\" ]basic[\n") == 1);
  CHECK(found("Caught by: \"t\" [basic]\n") == 1);
}

TEST_CASE("hunks are applied wherever their lines have moved to", "[mistake]") {
  CHECK(applied("@@ -2,2 +2,2 @@ int f() {\n b\n-c\n+C\n", "a\nb\nc\nd\n") == "a\nb\nC\nd\n");
  CHECK(applied("@@ -2,2 +2,2 @@\n b\n-c\n+C\n", "new\nnew\na\nb\nc\nd\n") == "new\nnew\na\nb\nC\nd\n");
  CHECK(applied("@@ -1 +0,0 @@\n-a\n@@ -3 +2,2 @@\n c\n+d\n", "a\nb\nc\n") == "b\nc\nd\n");
  CHECK(applied("@@ -1,3 +1,2 @@\n a\n\n-b\n", "a\n\nb\n") == "a\n\n");  // an editor stripped the context's blank
}

TEST_CASE("the diff says which of a solution's files a mistake changes", "[mistake]") {
  const std::string diff = "--- a/y.h\n+++ b/y.h\n@@ -1 +1 @@\n-b\n+c\n";
  const mistake::Sources solution{{"x.cpp", "b\n"}, {"y.h", "b\n"}};
  CHECK(mistake::changed_file(diff, solution) == "y.h");
  CHECK(mistake::changed_file("--- b/y.h\t2026-01-01 00:00\n+++ y.h\n@@ -1 +1 @@\n-b\n+c\n", solution) == "y.h");
  CHECK(mistake::apply(diff, solution) == mistake::Sources{{"x.cpp", "b\n"}, {"y.h", "c\n"}});
  const auto refused = [&](const std::string& text, const mistake::Sources& files) {
    try {
      mistake::apply(text, files);
    } catch (const mistake::Malformed& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refused(diff, {{"x.cpp", ""}, {"z.h", ""}}) == "expected a diff of one of x.cpp, z.h, found one of \"y.h\"");
  CHECK(refused(diff, {{"x.cpp", ""}}) == "expected a diff of x.cpp, found one of \"y.h\"");
  CHECK_THAT(refused("nothing", solution), contains_text("expected a unified diff"));
}

TEST_CASE("a hunk that fits nowhere or in two places is refused", "[mistake]") {
  const std::string hunk = std::string(kHead) + "@@ -1,2 +1,2 @@\n a\n-b\n+c\n";
  CHECK_THAT(refusal(hunk, "a\nB\n"), contains_text("hunk @@ -1,2 +1,2 @@ in the solution, found them nowhere"));
  CHECK_THAT(refusal(hunk, "a\n"), contains_text("nowhere"));
  CHECK_THAT(refusal(hunk, ""), contains_text("nowhere"));
  CHECK_THAT(refusal(hunk, "a\nb\nx\na\nb\n"), contains_text("from line 1 and from line 4; more context"));
  CHECK_THAT(refusal(std::string(kHead) + "@@ -1,2 +1 @@\n-a\n a\n", "a\na\na\n"),
             contains_text("from line 1 and from line 2"));
  CHECK_THAT(refusal(std::string(kHead) + "@@ -2 +2 @@\n-b\n+B\n@@ -1 +1 @@\n-a\n+A\n", "a\nb\n"),
             contains_text("in the order of the solution"));
  CHECK_THAT(refusal(std::string(kHead) + "@@ -1,2 +1 @@\n-a\n b\n@@ -2 +1 @@\n-b\n+B\n", "a\nb\n"),
             contains_text("in the order of the solution"));
}

TEST_CASE("what is no unified diff is refused", "[mistake]") {
  CHECK_THAT(refusal("", "a\n"), contains_text("expected a unified diff"));
  CHECK_THAT(refusal("int a;\nint b;\nint c;\n", "a\n"), contains_text("found \"int a;\""));
  CHECK_THAT(refusal(kHead, "a\n"), contains_text("expected a unified diff"));
  CHECK_THAT(refusal(std::string(kHead) + "@@ nothing @@\n-a\n", "a\n"), contains_text("expected a heading like"));
  CHECK_THAT(refusal(std::string(kHead) + "@@ -1,x +1 @@\n-a\n+b\n", "a\n"), contains_text("expected a heading like"));
  CHECK_THAT(refusal(std::string(kHead) + "@@ -1,99999999999999999999 +1 @@\n-a\n", "a\n"),
             contains_text("heading like"));
  CHECK_THAT(refusal(std::string(kHead) + "@@ -1,2 +1 @@\n-a\n+b\n", "a\n"),
             contains_text("expected 2 lines of the solution"));
  CHECK_THAT(refusal(std::string(kHead) + "@@ -0,0 +1 @@\n+b\n", "a\n"), contains_text("expected context"));
  CHECK_THAT(refusal(std::string(kHead) + "@@ -1 +1 @@\n*a\n", "a\n"), contains_text("begins with a blank, - or +"));
}

TEST_CASE("changed lines are counted on the side that has more", "[mistake]") {
  CHECK(mistake::changed_lines(std::string(kHead) + "@@ -1,2 +1,3 @@\n-a\n+b\n+c\n d\n") == 2);
  CHECK(mistake::changed_lines(std::string(kHead) + "@@ -1,2 +0,0 @@\n-a\n-b\n@@ -9 +7 @@\n-e\n+f\n") == 3);
  CHECK(mistake::changed_lines("") == 0);
}

TEST_CASE("a mistake goes through an editor and back", "[mistake]") {
  const mistake::Mistake says{.idea = "x", .test = "t", .group = "basic", .told_as = "\"quoted\"", .diff = ""};
  const mistake::Edited back = mistake::from_source(mistake::to_source(says, "// Mistake: of the source\nint a;\n"));
  CHECK(back.says.idea == "x");
  CHECK(back.says.test == "t");
  CHECK(back.says.told_as == "\"quoted\"");
  CHECK(back.source == "// Mistake: of the source\nint a;\n");
  CHECK(mistake::from_source("int a;\n").source == "int a;\n");
  CHECK(mistake::from_source("// Mistake: no end").says.idea == "no end");
  CHECK(mistake::from_source("").source.empty());
}
