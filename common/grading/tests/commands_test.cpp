#include "common/grading/judging/commands.h"

#include "common/checker/catch.h"
#include "common/system/utf8.h"

using namespace workbook::grading;
namespace workspace = workbook::workspace;
using workspace::shell_words;
using Words = std::vector<std::string>;

TEST_CASE("words are split as a shell splits them", "[commands]") {
  CHECK(shell_words(R"(g++ -DX=\"a\ b\" 'one word' "two ""parts" '')") ==
        Words{"g++", "-DX=\"a b\"", "one word", "two parts", ""});
}

TEST_CASE("the steps of a submission are the build's, from its source to its plugins", "[commands]") {
  const workspace::PluginCommands plain{
      .plugin = "/b/l/student.so",
      .object = "/b/x/stub.o",
      .compile = {"/usr/bin/c++", "-MD", "-MT", "x/stub.o", "-MF", "x/stub.d", "-o", "x/stub.o", "-c", "/b/stub.cpp"},
      .link = {"/usr/bin/c++", "-shared", "-o", "/b/l/student.so", "/b/x/stub.o", "/b/glue.o", "/b/buffer.o",
               "/b/lib.so"}};
  const auto steps = steps_of({.source = "/w/stub.cu", .compiled = "/b/stub.cpp", .plugins = {plain}},
                              {.translator = "/b/translate", .inspector = "/b/inspect"});
  REQUIRE(steps.size() == 4);
  CHECK(steps[0].argv == Words{"/b/translate", "@SOURCE@/stub.cu", "-o", "@WORK@/stub.cpp"});
  CHECK(steps[1].argv == Words{"/usr/bin/c++", "-o", "@WORK@/0.o", "-c", "@WORK@/stub.cpp"});
  CHECK(steps[2].argv == Words{"/b/inspect", "@WORK@/0.o", "stub", "--cuda", "/b/glue.o", "/b/buffer.o"});
  CHECK(steps[2].inspects);
  CHECK(steps[3].argv == Words{"/usr/bin/c++", "-shared", "-o", "@WORK@/student.so", "/b/glue.o", "/b/buffer.o",
                               "@WORK@/0.o", "/b/lib.so"});
}

TEST_CASE("C++ is compiled as it was submitted, once for each flavour", "[commands]") {
  const auto flavour = [](const std::string& name) {
    return workspace::PluginCommands{.plugin = "/b/" + name + ".so",
                                     .object = "/b/" + name + "/stub.o",
                                     .compile = {"c++", "-c", "/w/stub.cpp", "-o", name + "/stub.o"},
                                     .link = {"c++", "-o", "/b/" + name + ".so", "/b/" + name + "/stub.o"}};
  };
  const auto steps = steps_of(
      {.source = "/w/stub.cpp", .compiled = "/w/stub.cpp", .plugins = {flavour("student"), flavour("student.count")}},
      {});
  REQUIRE(steps.size() == 6);
  CHECK(steps[0].argv == Words{"c++", "-c", "@SOURCE@/stub.cpp", "-o", "@WORK@/0.o"});
  CHECK(steps[5].argv == Words{"c++", "-o", "@WORK@/student.count.so", "@WORK@/1.o"});
}

TEST_CASE("what came from outside is made printable", "[printable]") {
  CHECK(workbook::system::printable("tab\t, end\n, \xc3\xa9, \xf0\x9f\x98\x80", 100) ==
        "tab\t, end\n, \xc3\xa9, \xf0\x9f\x98\x80");
  CHECK(workbook::system::printable("\x1b[2J \x7f \xc2\x9b \xff \xc0\xaf \xed\xa0\x80 \xe2\x82", 100) ==
        "?[2J ? ? ? ?? ??? ??");
  CHECK(workbook::system::printable("123456", 4) == "1234\n... (cut)\n");
}
