#include <memory>
#include <utility>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/system/errors.h"
#include "common/system/files.h"

namespace workbook::cli {

namespace {

/// Path from the root, and content. @ID@, @NAME@ and so on stand for the lesson's.
constexpr std::pair<const char*, const char*> kFiles[] = {
    {"lessons/@ID@/lesson.json", R"({
  "title": "@NAME@",
  "summary": "One line for the board",
  "track": "@TRACK@",
  "minutes": 30,
  "needs": [],
  "files": ["@NAME@.@EXTENSION@"],
  "exercises": [
    {"todo": 1, "function": "twice"}
  ]
}
)"},
    {"lessons/@ID@/README.md", R"(# Lesson @NUMBER@ · @NAME@

**You will** ... **You need** ... **It takes** about 30 minutes.

## Your task

In `@NAME@.@EXTENSION@`:

| | function | what it does | points |
|---|---|---|---|
| TODO(1) | `twice` | doubles | 1 |

## Check it

    ./workbook test @NUMBER@
    ./workbook hint @NUMBER@
)"},
    {"lessons/@ID@/hints.md", R"(# TODO(1)
1. The concept.
2. The invariant.
3. Nearly the code: `return x + x;`
)"},
    {"lessons/@ID@/@NAME@.h", R"(#pragma once
/// What this lesson computes, and what always holds.

#include "common/contract/contract.h"

namespace workbook::@NAME@ {

/// Two times x, exactly. Time O(1).
float twice(float x);

inline constexpr Contract<twice> contract;

}  // namespace workbook::@NAME@
)"},
    {"lessons/@ID@/@NAME@.@EXTENSION@", R"(#include "@NAME@.h"

using namespace workbook;

float @NAME@::twice(float /*x*/) {
  // TODO(1): return two times x.
  throw NotImplemented();
}
)"},
    {"solutions/@ID@/@NAME@.@EXTENSION@", R"(#include "@NAME@.h"

using namespace workbook;

float @NAME@::twice(float x) { return x + x; }
)"},
    {"solutions/@ID@/compare.md",
     R"(- `twice` adds `x` to itself. Say here what is instructive, compared with what students plausibly write.
- Name an invariant, a pass or an array that the solution saves, or an edge case that needs no code of its own.
- Say what was given up to make the code easy to read, and what a faster version would do.
)"},
    {"solutions/@ID@/mistakes/drops_the_sign.diff", R"(Mistake: doubles the size of x and forgets its sign.
Caught by: "twice keeps the sign"  [advanced]
--- a/@NAME@.@EXTENSION@
+++ b/@NAME@.@EXTENSION@
@@ -4,2 +4,2 @@
 
-float @NAME@::twice(float x) { return x + x; }
+float @NAME@::twice(float x) { return x < 0 ? -x - x : x + x; }
)"},
    {"testcases/@ID@/basic_test.cpp", R"(#include "common/checker/student.h"

using namespace workbook;
using namespace workbook::@NAME@;

TEST_CASE("twice doubles", "[basic][twice][1pt]") { CHECK(student<twice>(1.5F) == 3.0F); }
)"},
    {"testcases/@ID@/advanced_test.cpp", R"(#include "common/checker/student.h"

using namespace workbook;
using namespace workbook::@NAME@;

TEST_CASE("twice keeps the sign", "[advanced][twice][1pt]") { CHECK(student<twice>(-2.0F) == -4.0F); }
)"},
    {"testcases/@ID@/hidden/hidden_test.cpp", R"(#include "common/checker/student.h"

using namespace workbook;
using namespace workbook::@NAME@;

// Hint: the sign of zero, and zero itself, are numbers like any other.
TEST_CASE("twice of nothing is nothing", "[hidden][twice][1pt]") { CHECK(student<twice>(0.0F) == 0.0F); }
)"},
};

std::string filled_in(std::string text, const std::string& id, bool cuda) {
  const std::pair<std::string, std::string> marks[] = {{"@ID@", id},
                                                       {"@NAME@", id.substr(3)},
                                                       {"@NUMBER@", id.substr(0, 2)},
                                                       {"@EXTENSION@", cuda ? "cu" : "cpp"},
                                                       {"@TRACK@", cuda ? "cuda" : "cpu"}};
  for (const auto& [mark, value] : marks)
    for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + value.size()))
      text.replace(at, mark.size(), value);
  return text;
}

void refuse_taken(const Workspace& workspace, const std::string& id) {
  for (const char* part : {"lessons", "solutions", "testcases"}) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(workspace.root / part, error)) {
      const std::string other = entry.path().filename();
      if (is_lesson_id(other) && (other.substr(0, 2) == id.substr(0, 2) || other.substr(3) == id.substr(3)))
        throw UsageError(fmt::format("expected a number and a name that are free, found {}", shown(entry.path())));
    }
  }
}

int scaffold_lesson(const std::string& id, bool cuda) {
  const Workspace workspace = find_workspace();
  if (!is_lesson_id(id))
    throw UsageError(fmt::format("expected two digits and a name in snake_case, like 05_kv_cache; found \"{}\"", id));
  refuse_taken(workspace, id);
  for (const auto& [path, content] : kFiles) {
    const fs::path file = workspace.root / filled_in(path, id, cuda);
    write_atomically(file, filled_in(content, id, cuda));
    fmt::print("  {}\n", shown(file));
  }
  fmt::print("It compiles as it is: {}\n", call("test " + id.substr(0, 2) + " --impl solution"));
  return 0;
}

}  // namespace

Action commands::scaffold(Options options) {
  auto id = std::make_shared<std::string>();
  options.required("lesson", *id, "two digits and a name, like 05_kv_cache");
  auto cuda = std::make_shared<bool>(false);
  options.flag("--cuda", *cuda, "its code is a .cu file");
  return [=] { return scaffold_lesson(*id, *cuda); };
}

}  // namespace workbook::cli
