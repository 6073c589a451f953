#include "common/checker/catch.h"
#include "common/cli/system.h"
#include "common/system/errors.h"
#include "common/system/text.h"
#include "common/system/units.h"
#include "common/system/utf8.h"
#include "common/workspace/workspace.h"

using namespace workbook;
using namespace workbook::cli;

namespace {

constexpr const char* kJson = R"({"title": "T", "summary": "S", "track": "cpu", "minutes": 20, "needs": [],
  "files": ["x.cpp"], "exercises": [{"todo": 1, "function": "f"}]})";

Catalog three_lessons() {
  Catalog catalog;
  for (const char* id : {"01_stable_softmax", "04_grouped_query", "07_online_softmax"})
    catalog.lessons.push_back(parse_lesson(fs::path("lessons") / id, kJson));
  catalog.broken.push_back({"05_kv_cache", "lessons/05_kv_cache/lesson.json: expected valid JSON"});
  return catalog;
}

std::string problem_of(const std::string& json) {
  try {
    parse_lesson("lessons/01_x", json);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

std::string refusal_of(const Catalog& catalog, const std::string& wanted) {
  try {
    catalog.find(wanted);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a lesson is named by number, id, name, part or path") {
  const Catalog catalog = three_lessons();
  const auto wanted = GENERATE("4", "04", "04_grouped_query", "grouped_query", "query", "lessons/04_grouped_query",
                               "lessons/04_grouped_query/", "lessons/04_grouped_query/grouped_query.cpp",
                               "lessons/04_grouped_query/README.md", "testcases/04_grouped_query/hidden",
                               "/07_online_softmax/lessons/04_grouped_query/mma.cuh");
  CHECK(catalog.find(wanted).id == "04_grouped_query");
}

TEST_CASE("a name that means no lesson or several is refused") {
  const Catalog catalog = three_lessons();
  CHECK_THAT(refusal_of(catalog, "gruoped_query"), workbook::contains_text("did you mean grouped_query?") ||
                                                       workbook::contains_text("did you mean 04_grouped_query?"));
  CHECK_THAT(refusal_of(catalog, "softmax"), workbook::contains_text("01_stable_softmax, 07_online_softmax"));
  CHECK_THAT(refusal_of(catalog, "99"), workbook::contains_text("found \"99\""));
  CHECK_THAT(refusal_of(catalog, ""), workbook::contains_text("expected a lesson"));
  CHECK_THAT(refusal_of(catalog, "5"), workbook::contains_text("expected valid JSON"));
  CHECK_THROWS_AS(catalog.find("zzz"), UsageError);
}

TEST_CASE("a broken lesson.json is told with file, expected and found") {
  const std::string good = kJson;
  CHECK(problem_of(good).empty());
  CHECK_THAT(problem_of(""), workbook::contains_text("lessons/01_x/lesson.json: expected valid JSON"));
  CHECK_THAT(problem_of("{\"title\": \"T\",\n\n}"), workbook::contains_text("found an error at line 3"));
  CHECK_THAT(problem_of("[]"), workbook::contains_text("expected a JSON object"));
  CHECK_THAT(problem_of(replaced(good, "\"T\"", "7")),
             workbook::contains_text("expected \"title\" to be a text, found 7"));
  CHECK_THAT(problem_of(replaced(good, "\"minutes\": 20,", "")),
             workbook::contains_text("expected \"minutes\" (a number), found none"));
  CHECK_THAT(problem_of(replaced(good, "[\"x.cpp\"]", "[]")), workbook::contains_text("found an empty list"));
  CHECK_THAT(problem_of(replaced(good, "[\"x.cpp\"]", "[1]")),
             workbook::contains_text("a list of file names, found [1]"));
  CHECK_THAT(problem_of(replaced(good, "\"function\": \"f\"", "\"f\": 1")),
             workbook::contains_text("exercises: expected \"function\""));
  CHECK_THAT(problem_of(replaced(good, "\"cpu\"", "\"gpu\"")),
             workbook::contains_text("to be cpu, cuda or capstone, found gpu"));
  CHECK_THAT(problem_of(replaced(good, "x.cpp", "../../x.cpp")), workbook::contains_text("found ../../x.cpp"));
}

TEST_CASE("lesson ids are two digits and snake_case") {
  CHECK(is_lesson_id("01_stable_softmax"));
  const auto bad = GENERATE("", "01", "1_x", "01-x", "01_X", "01__", "01_x y", "01_x/../y", "ab_x", "01_4");
  CHECK_FALSE(is_lesson_id(bad));
}

TEST_CASE("the nearest name is one that can have been meant") {
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(nearest("tset", {"test", "list"}) == "test");
  CHECK(nearest("qqqq", {"test", "list"}).empty());
}

TEST_CASE("text is wrapped at blanks, code in one piece") {
  CHECK(wrapped("one two three", 9, 2) == "  one two\n  three");
  CHECK(wrapped("see `a b c` now", 10, 2) == "  see\n  `a b c`\n  now");
  CHECK(wrapped("", 10, 2) == "  ");
  CHECK(width("·é") == 2);
}

TEST_CASE("sizes and durations are shown with no more digits than they need") {
  CHECK(size_text(1023) == "1023 bytes");
  CHECK(size_text(64 << 20) == "64 MiB");
  CHECK(size_text(1536) == "1.5 KiB");
  CHECK(size_text(5.0 * (1 << 28)) == "1.25 GiB");
  CHECK(duration_text(1.2345e-5) == "12.3 us");
  CHECK(duration_text(0.00123) == "1.23 ms");
  CHECK(duration_text(123.4) == "123 s");
}

TEST_CASE("only the ends of lines lose a carriage return") {
  CHECK(system::with_plain_line_ends("a\r\nb\rc\n\r\n\r") == "a\nb\rc\n\n\r");
}
