#include "common/checker/catch.h"
#include "common/cli/sanitizer_output.h"
#include "common/cli/system.h"
#include "common/workspace/compiler_output.h"

using namespace workbook;
using namespace workbook::cli;

namespace {

const std::filesystem::path kStub = "/a b/lessons/04_x/x.cpp", kOther = "/a b/lessons/04_x/y.h";
const std::vector<std::filesystem::path> kFiles{kStub, kOther};

}  // namespace

TEST_CASE("the compiler's first error is at the student's line") {
  const auto error = first_compiler_error(
      "[1/2] Building\nFAILED: x.o\n"
      "/a b/lessons/04_x/x.cpp: In function 'int f()':\n"
      "/a b/lessons/04_x/x.cpp:7:3: warning: unused variable 'i'\n"
      "    7 |   int i;\n"
      "/a b/lessons/04_x/x.cpp:9:12: error: 'foo' was not declared\n"
      "    9 |   return foo;\n"
      "      |          ^~~\n"
      "/a b/lessons/04_x/x.cpp:12:1: error: another\n"
      "   12 | }\n",
      kFiles);
  REQUIRE(error);
  CHECK(error->file == kStub);
  CHECK(error->line == 9);
  CHECK(error->message == "'foo' was not declared");
  CHECK(error->excerpt == std::vector<std::string>{"    9 |   return foo;", "      |          ^~~"});
  CHECK(error->cause_line == 0);
}

TEST_CASE("an error in a header is traced to the line that led there") {
  const auto error = first_compiler_error(
      "In file included from /usr/include/vector:66,\n"
      "                 from /a b/lessons/04_x/x.cpp:1:\n"
      "/usr/include/bits/stl_vector.h: In instantiation of 'class std::vector<int&>':\n"
      "/a b/lessons/04_x/x.cpp:5:21:   required from here\n"
      "/usr/include/bits/alloc.h:60:20: error: forming pointer to reference type\n",
      kFiles);
  REQUIRE(error);
  CHECK(error->line == 60);
  CHECK(error->cause_line == 5);
  CHECK_FALSE(first_compiler_error("ninja: build stopped: : error: nothing", kFiles));
  CHECK_FALSE(first_compiler_error("", kFiles));
}

TEST_CASE("an error in another of the student's files is the student's own") {
  const std::string included = "In file included from /a b/lessons/04_x/x.cpp:3:\n";
  const auto own =
      first_compiler_error(included + "/a b/lessons/04_x/y.h:9:1: error: 'foo' was not declared\n", kFiles);
  REQUIRE(own);
  CHECK(own->file == kOther);
  CHECK(own->cause_line == 0);
  const auto elsewhere = first_compiler_error(
      included + "/a b/lessons/04_x/y.h:5:21:   required from here\n/usr/include/v.h:60:2: error: no reference\n",
      kFiles);
  REQUIRE(elsewhere);
  CHECK(elsewhere->cause == kOther);
  CHECK(elsewhere->cause_line == 5);
  const auto warnings = compiler_warnings(
      "/a b/lessons/04_x/y.h:7:3: warning: unused\n/a b/lessons/04_x/x.cpp:7:3: warning: unused\n", kFiles);
  CHECK(warnings.size() == 2);
}

TEST_CASE("warnings about the student's lines are kept, each once") {
  const std::string warning =
      "/a b/lessons/04_x/x.cpp:7:3: warning: unused variable 'i' [-Wunused]\n    7 |   int i;\n      |       ^\n";
  const auto warnings = compiler_warnings(warning + "/usr/include/y.h:1:1: warning: other\n" + warning, kFiles);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].line == 7);
  CHECK(warnings[0].excerpt.size() == 2);
}

TEST_CASE("a function without definition is named, whichever linker says so") {
  const std::string name = "workbook::x::f(workbook::Tensor const&, int)";
  for (const std::string& line : {"/usr/bin/ld: a.o: in function `g': x.cpp:3: undefined reference to `" + name + "'",
                                  "x.o:x.cpp:function g: error: undefined reference to '" + name + "'",
                                  "ld.lld: error: undefined symbol: " + name, "mold: error: undefined symbol: " + name})
    CHECK(undefined_function("collecting\n" + line + "\ncollect2: error: ld returned 1 exit status\n") == name);
  CHECK(undefined_function("/a b/x.cpp:12: error: undefined reference to '" + name + "'") == name);  // gold, with -g
  CHECK_FALSE(undefined_function("x.cpp:1:1: error: expected ';'"));
  for (const char* kind : {"error: #error", "warning: #warning", "note: '#pragma message:"})
    CHECK_FALSE(undefined_function(std::string("x.cpp:1:2: ") + kind + " \"undefined reference to `f()'\"\n" +
                                   "    1 | #error \"undefined reference to `f()'\"\n      |  ^~~~~\n"));
  CHECK(unqualified(name) == "f");
  CHECK(declaration_line("/// f(x) is documented\nint ff(int);\nint g(int f);\nTensor f(const Tensor& kv, int n);\n",
                         "f") == 4);
  CHECK(declaration_line("int g();", "f") == 0);
}

TEST_CASE("sanitizers are put into one sentence") {
  const auto overflow = sanitizer_finding(
      "==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1 at pc 0x2\n"
      "WRITE of size 4 at 0x1 thread T0\n"
      "    #0 0x1 in operator() /usr/include/vector:12\n"
      "    #1 0x2 in workbook::x::f(int) /a b/lessons/04_x/x.cpp:17\n"
      "    #2 0x3 in main /a b/lessons/04_x/x.cpp:99\n\n"
      "0x18 is located 0 bytes to the right of 24-byte region [0x0,0x18)\n",
      {"x.cpp"});
  REQUIRE(overflow);
  CHECK(overflow->line == 17);
  CHECK(overflow->reason == "writes 4 bytes just past the end of a heap block of 24 bytes");

  const auto null = sanitizer_finding(
      "==1==ERROR: AddressSanitizer: SEGV on unknown address 0x0 (pc 0x2)\n"
      "==1==The signal is caused by a READ memory access.\n==1==Hint: address points to the zero page.\n"
      "    #0 0x1 in f() /l/x.cpp:8:13\n",
      {"x.cpp"});
  REQUIRE(null);
  CHECK(null->line == 8);
  CHECK(null->reason == "reads memory through a null pointer");

  const auto index =
      sanitizer_finding("/l/x.cpp:12:50: runtime error: index 7 out of bounds for type 'int [4]'\n", {"x.cpp"});
  REQUIRE(index);
  CHECK(index->line == 12);
  CHECK(index->reason == "index 7 out of bounds for type 'int [4]'");

  CHECK(sanitizer_finding("==1==ERROR: AddressSanitizer: stack-overflow on address\n    #0 0x in g() /l/ax.cpp:4\n",
                          {"x.cpp"})
            ->line == 0);
  CHECK_FALSE(sanitizer_finding("all is well", {"x.cpp"}));

  const auto other = sanitizer_finding("/l/y.h:12:50: runtime error: division by zero\n", {"x.cpp", "y.h"});
  REQUIRE(other);
  CHECK(other->file == "y.h");
  CHECK(other->line == 12);
}

TEST_CASE("of several steps that fail, each has its own output") {
  const std::string output =
      "[1/3] Building a.o\nFAILED: a.o \n/a.cpp:1: error: first\n[2/3] Building b.o\nFAILED: b.o \n"
      "/b.cpp:2: error: second\nninja: build stopped\n";
  CHECK(output_about(output, "a.o") == "FAILED: a.o \n/a.cpp:1: error: first\n");
  CHECK(output_about(output, "b.o ").find("second") != std::string::npos);
  CHECK(output_about(output, "b.o").find("first") == std::string::npos);
  CHECK(output_about(output, "c.o") == output);
}
