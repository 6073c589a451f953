#include "common/grading/commands.h"

#include "common/checker/catch.h"
#include "common/grading/printable.h"

using namespace workbook::grading;
using Words = std::vector<std::string>;

TEST_CASE("words are split as a shell splits them", "[commands]") {
  CHECK(shell_words(R"(g++ -DX=\"a\ b\" 'one word' "two ""parts" '')") ==
        Words{"g++", "-DX=\"a b\"", "one word", "two parts", ""});
}

TEST_CASE("the steps from a source to a plugin are found among all commands", "[commands]") {
  const auto steps = steps_from(
      "/usr/bin/c++ -o other.o -c /w/other.cpp\n"
      "cd /w/build && bin/translate /w/stub.cu -o x/stub.cpp\n"
      "/usr/bin/c++ -MD -MT x/stub.o -MF x/stub.d -o x/stub.o -c x/stub.cpp\n"
      ": && /usr/bin/c++ -shared -o lessons/l/student.so glue.o x/stub.o bin/lib.so && :\n",
      "/w/stub.cu");
  REQUIRE(steps.size() == 3);
  CHECK(steps[0].argv == Words{"bin/translate", "@SOURCE@/stub.cu", "-o", "@WORK@/0_stub.cpp"});
  CHECK(steps[1].argv == Words{"/usr/bin/c++", "-o", "@WORK@/1_stub.o", "-c", "@WORK@/0_stub.cpp"});
  CHECK(steps[2].argv ==
        Words{"/usr/bin/c++", "-shared", "-o", "@WORK@/student.so", "glue.o", "@WORK@/1_stub.o", "bin/lib.so"});
}

TEST_CASE("what came from outside is made printable", "[printable]") {
  CHECK(printable("tab\t, end\n, \xc3\xa9, \xf0\x9f\x98\x80", 100) == "tab\t, end\n, \xc3\xa9, \xf0\x9f\x98\x80");
  CHECK(printable("\x1b[2J \x7f \xc2\x9b \xff \xc0\xaf \xed\xa0\x80 \xe2\x82", 100) == "?[2J ? ? ? ?? ??? ??");
  CHECK(printable("123456", 4) == "1234\n... (cut)\n");
}
