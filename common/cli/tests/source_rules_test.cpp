#include "common/workspace/source_rules.h"

#include <filesystem>

#include "common/checker/catch.h"
#include "common/system/files.h"

using workbook::workspace::refused_words;

TEST_CASE("what leads around the compiler's marks is refused, with its line", "[source]") {
  const std::string text = GENERATE(
      as<std::string>{}, "asm(\"nop\");", "__asm__ volatile(\"nop\");", "int f() __asm (\"g\");", "a\\\nsm(\"nop\");",
      "a\\ \t\nsm(\"nop\");", "wchar_t c = L'\"'; asm(\"nop\"); wchar_t d = L'\"';", "int x = 1'000; asm(\"'\");",
      "/* \" */ asm(\"nop\"); // \"", "char c = '\\''; asm(\"nop\");", "const char* s = R\"(\")\"; int y = 0; //\"",
      "auto s = u8R\"x()x\";", "#define PASTE(a, b) a##b", "#define PASTE(a, b) a %:%: b",
      "_Pragma(\"GCC optimize(3)\")", "#pragma GCC optimize(\"O3\")", "# pragma weak f", "#pragma redefine_extname f g",
      "#line 7 \"x.h\"", "# 7 \"x.h\"", "#ident \"x\"", "[[gnu::no_sanitize(\"thread\")]] void f();",
      "GTEST_ATTRIBUTE_NO_SANITIZE_THREAD_", "__attribute__((no_sanitize_thread)) void f();",
      "__attribute__((__constructor__)) void f();", "[[gnu::constructor]] void f();",
      "[ [ gnu::section(\".init\")]] int x;", "<:<:gnu::weak:>:> int x;", "[<:gnu::weak:>] int x;",
      "#define A (section(\"x\"))\n__attribute__ A int x;", "__attribute__((aligned(N))) int x;",
      "__attribute__((always_inline, optimize(0))) void f();", "[[using gnu: alias(\"f\")]] void g();",
      "__attribute_used__ int x;", "void f() __attribute__((ifunc(\"g\")));");
  INFO(text);
  const auto refused = refused_words(text, false);
  REQUIRE_FALSE(refused.empty());
  CHECK(refused.front().starts_with("line "));
  CHECK(refused.size() <= 8);
}

TEST_CASE("what honest files say is not", "[source]") {
  const std::string text = GENERATE(
      as<std::string>{}, "// asm\nint section = 1, alias = 2, weak = section;", "const char* s = \"asm ## R\\\"\";",
      "/* asm\n no_sanitize */ int constructor(int visibility);", "#pragma unroll\n#pragma omp parallel for",
      "#pragma GCC unroll 4", "#pragma STDC FP_CONTRACT OFF", "#pragma nv_diag_suppress 177",
      "__attribute__((format(printf, 1, 2))) void tell(const char* text, ...);", "#pragma GCC ivdep",
      "[[nodiscard]] int f([[maybe_unused]] int x);", "__attribute__((always_inline)) inline void f();",
      "alignas(16) float x[4];", "if (x[i] < 3) [[likely]] y();", "std::vector<::x::y> v;", "a[b[0]];",
      "auto f = [](int) { return u8\"x\"; };", "int plasma = 1'000'000;",
      "typedef float f4 __attribute__((vector_size(4 * sizeof(float))));", "", "\\", "'", "\"", "/*", "//", "R", "#",
      "[", "[[", "__attribute__", "1'");
  INFO(text);
  CHECK(refused_words(text, false).empty());
}

TEST_CASE("a vector instruction has no place beside kernels", "[source]") {
  const std::string text = GENERATE(as<std::string>{}, "_mm_storel_pi(to, value);", "auto* f = &_mm256_loadu_ps;",
                                    "__builtin_ia32_storehps(to, value);", "thread_local float tile[1 << 20];");
  CHECK(refused_words(text, false).empty());
  CHECK(refused_words(text, true).size() == 1);
}

TEST_CASE("a line is that of the file, continued lines or not", "[source]") {
  CHECK(refused_words("int x;\n#define A \\\n  1\n/* \n */ asm(\"nop\");", false) ==
        std::vector<std::string>{"line 5: `asm`; a graded file does without"});
}

TEST_CASE("stubs and solutions may be graded", "[source]") {
  int files = 0;
  for (const char* folder : {"lessons", "solutions"})
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(std::filesystem::path(WORKBOOK_ROOT) / folder)) {
      const auto ending = entry.path().extension();
      if (ending != ".cpp" && ending != ".cu") continue;
      INFO(entry.path());
      CHECK(refused_words(workbook::system::read_file(entry.path()).value_or(""), ending == ".cu") ==
            std::vector<std::string>{});
      ++files;
    }
  CHECK(files > 0);
}
