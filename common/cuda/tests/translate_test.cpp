/// The translator: what it rewrites, what it leaves alone, and that lines stay where they are.

#include "common/cuda/translate/translate.h"
#include "common/checker/catch.h"

using workbook::cuda::NotSimulated;
using workbook::cuda::translate;

TEST_CASE("launches become calls", "[translate]") {
  const auto [source, expected] = GENERATE(table<std::string, std::string>({
      {"k<<<1, 2>>>(x);", "::workbook::cuda::launch(k, \"k\", 1, 2)(x);"},
      {"a::k<<<dim3(1, 2), b, (n + 3) >> 2, s>>>(x);",
       "::workbook::cuda::launch(a::k, \"a::k\", dim3(1, 2), b, (n + 3) >> 2, s)(x);"},
      {"k<float, (3 > 2)> <<< 1, f<4>(n) >>>(x);",
       "::workbook::cuda::launch(k<float, (3 > 2)>, \"k<float, (3 > 2)>\",  1, f<4>(n) )(x);"},
      {"(*kernel)<<<1, 2>>>();", "::workbook::cuda::launch((*kernel), \"(*kernel)\", 1, 2)();"},
  }));
  CHECK(translate(source) == expected);
}

TEST_CASE("a template whose arguments are deduced is called", "[translate]") {
  const std::string kernel = "template <int N, class T>\n__global__ void __launch_bounds__(N) k(T x) {}\n";
  const std::string checked =
      "template <int N, class T>\n__global__ void __launch_bounds__(N) k(T x) { "
      "::workbook::cuda::check_launch_bounds(N);}\n";
  CHECK(translate(kernel + "k<4><<<1, 2>>>(x);") ==
        checked +
            "::workbook::cuda::launch([&](const auto&... workbook_arguments) { k<4>(workbook_arguments...); }, "
            "\"k<4>\", 1, 2)(x);");
  CHECK(translate(kernel + "k<4, int><<<1, 2>>>(x);") ==
        checked + "::workbook::cuda::launch(k<4, int>, \"k<4, int>\", 1, 2)(x);");
}

TEST_CASE("dynamic shared memory is looked up", "[translate]") {
  CHECK(translate("void f() { extern __shared__ float x[]; }") ==
        "void f() { float* const x = ::workbook::cuda::dynamic_shared<float>(); }");
  CHECK(translate("void f() { extern __shared__ __align__(16) unsigned char x[]; }") ==
        "void f() { unsigned char* const x = ::workbook::cuda::dynamic_shared<unsigned char>(); }");
  CHECK(translate("namespace a { extern __shared__ float x[]; }") ==
        "namespace a { [[maybe_unused]] static constexpr ::workbook::cuda::DynamicShared<float> x{}; }");
}

TEST_CASE("comments, strings and the rest stay", "[translate]") {
  const std::string source =
      GENERATE(as<std::string>(), "// k<<<1, 2>>>(x);", "/* k<<<1, 2>>>(x); */", "auto s = \"k<<<1, 2>>>(x) \\\" \";",
               "auto s = R\"(k<<<1, 2>>>(x))\";", "std::cout << 'a' << 1'000 << x;", "extern int x[];",
               "vector<vector<vector<int>>> v;");
  CHECK(translate(source) == source);
}

TEST_CASE("lines stay where they are", "[translate]") {
  CHECK(translate("k<<<1,\n  2,\n  0>>>(\n x);\ny") == "::workbook::cuda::launch(k, \"k\", 1,\n  2,\n  0)(\n x);\ny");
  CHECK(translate("void f() { extern __shared__\n float x[];\n}") ==
        "void f() { float* const x = ::workbook::cuda::dynamic_shared<float>()\n;\n}");
}

TEST_CASE("what is not simulated is named with its line", "[translate]") {
  try {
    translate("int x;\nvoid f() { asm volatile(\"bar.sync 0;\"); }");
    FAIL("expected NotSimulated");
  } catch (const NotSimulated& e) {
    CHECK(e.line == 2);
    CHECK(std::string(e.what()).find("inline PTX is not simulated") == 0);
  }
}
