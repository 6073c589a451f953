/// The translator: what it rewrites, what it leaves alone, and that lines stay where they are.

#include "common/cuda/translate/translate.h"

#include <algorithm>

#include "common/checker/catch.h"

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

TEST_CASE("launches are taken as formatters leave them", "[translate]") {
  const auto [source, expected] = GENERATE(table<std::string, std::string>({
      {"k << <1, 2>> >(x);", "::workbook::cuda::launch(k, \"k\", 1, 2)(x);"},
      {"k<<<g, b<int>>>>(x);", "::workbook::cuda::launch(k, \"k\", g, b<int>)(x);"},
      {"f[i]<<<1, 2>>>(x);", "::workbook::cuda::launch(f[i], \"f[i]\", 1, 2)(x);"},
      {"p->k<<<1, 2>>>(x);", "::workbook::cuda::launch(p->k, \"p->k\", 1, 2)(x);"},
      {"a.b[2].k<<<1, 2>>>(x);", "::workbook::cuda::launch(a.b[2].k, \"a.b[2].k\", 1, 2)(x);"},
      {"pick(x)<<<1, 2>>>(y);", "::workbook::cuda::launch(pick(x), \"pick(x)\", 1, 2)(y);"},
      {"if (x) (*k)<<<1, 2>>>(y);", "if (x) ::workbook::cuda::launch((*k), \"(*k)\", 1, 2)(y);"},
      {"#define L(k, x) \\\n  k<<<1, \\\n      2>>>(x)\n",
       "#define L(k, x) \\\n  ::workbook::cuda::launch(k, #k, 1, \\\n      2)(x)\n"},
  }));
  CHECK(translate(source) == expected);
}

TEST_CASE("dynamic shared memory is looked up", "[translate]") {
  const auto [source, expected] = GENERATE(table<std::string, std::string>({
      {"extern __shared__ float x[];", "auto* const x = ::workbook::cuda::dynamic_shared<float>();"},
      {"__shared__ extern float x[];", "auto* const x = ::workbook::cuda::dynamic_shared<float>();"},
      {"extern __shared__ __align__(16) unsigned char x[];",
       "auto* const x = ::workbook::cuda::dynamic_shared<unsigned char>();"},
      {"extern float __shared__ __attribute__((aligned(16))) x[];",
       "auto* const x = ::workbook::cuda::dynamic_shared<float>();"},
      {"extern __shared__ float x[][32];", "auto* const x = ::workbook::cuda::dynamic_shared<float[32]>();"},
      {"extern __shared__ Tile<float, 2> x;", "auto& x = *::workbook::cuda::dynamic_shared<Tile<float, 2>>();"},
      {"extern volatile __shared__ int x[];", "auto* const x = ::workbook::cuda::dynamic_shared<volatile int>();"},
  }));
  CHECK(translate("void f() { " + source + " }") == "void f() { " + expected + " }");
  CHECK(translate("#define D(name) " + source + " \\\n  f(name)\n") ==
        "#define D(name) " + expected + " \\\n  f(name)\n");
}

TEST_CASE("macros make names and stand for specifiers", "[translate]") {
  CHECK(translate("#define D(T, name) \\\n  extern __shared__ int name##_raw[]; \\\n  T* name = (T*)name##_raw\n") ==
        "#define D(T, name) \\\n  auto* const name##_raw = ::workbook::cuda::dynamic_shared<int>(); \\\n"
        "  T* name = (T*)name##_raw\n");
  CHECK(translate("#define SMEM extern __shared__\nvoid f() { SMEM int x[]; }") ==
        "#define SMEM extern __shared__\nvoid f() { auto* const x = ::workbook::cuda::dynamic_shared<int>(); }");
}

TEST_CASE("dynamic shared memory of namespace scope is declared where it is named", "[translate]") {
  CHECK(translate("namespace a { extern __shared__ float x[]; }\n__global__ void k() { x[0] = 1; }\nvoid f() {}") ==
        "namespace a { static_assert(true); }\n__global__ void k() { [[maybe_unused]] auto* const x = "
        "::workbook::cuda::dynamic_shared<float>(); { x[0] = 1; }}\nvoid f() {}");
  CHECK(translate("extern __shared__ int x[];\n#define AT(i) x[i]\n#define LAST AT(3)\nvoid f() { LAST = 1; }") ==
        "static_assert(true);\n#define AT(i) x[i]\n#define LAST AT(3)\nvoid f() { [[maybe_unused]] auto* const x = "
        "::workbook::cuda::dynamic_shared<int>(); { LAST = 1; }}");
  CHECK(translate("extern __shared__ int x[];\nvoid f(int* x) { *x = 1; }") ==
        "static_assert(true);\nvoid f(int* x) { *x = 1; }");
  CHECK(translate("extern __shared__ int x[];\nstruct S {\n int x;\n void f() { x = 1; }\n};") ==
        "static_assert(true);\nstruct S {\n int x;\n void f() { [[maybe_unused]] auto* const x = "
        "::workbook::cuda::dynamic_shared<int>(); { x = 1; }}\n};");
}

TEST_CASE("static shared memory is static once, and aligned in front", "[translate]") {
  CHECK(translate("void f() { static __shared__ float x[3]; }") == "void f() {  __shared__ float x[3]; }");
  CHECK(translate("void f() { __shared__ alignas(16) float x[3]; }") ==
        "void f() { alignas(16) __shared__  float x[3]; }");
}

TEST_CASE("comments, strings and the rest stay", "[translate]") {
  const std::string source =
      GENERATE(as<std::string>(), "// k<<<1, 2>>>(x);", "/* k<<<1, 2>>>(x); */", "auto s = \"k<<<1, 2>>>(x) \\\" \";",
               "auto s = R\"(k<<<1, 2>>>(x))\";", "auto s = u8R\"x(k<<<1, 2>>>(x)\")x\";",
               "std::cout << 'a' << 1'000 << x;", "extern int x[];", "vector<vector<vector<int>>> v;",
               "x.operator<< <T>(y);", "operator<<<T>(y);", "#ifdef k<<<1, 2>>>(x)\n#endif", "x << /* < */ y >> (z);");
  CHECK(translate(source) == source);
}

TEST_CASE("a quote in a character starts no string", "[translate]") {
  CHECK(translate("auto c = L'\"'; k<<<1'0, 2>>>(x); auto d = '\"';") ==
        "auto c = L'\"'; ::workbook::cuda::launch(k, \"k\", 1'0, 2)(x); auto d = '\"';");
}

TEST_CASE("lines stay where they are", "[translate]") {
  CHECK(translate("k<<<1,\n  2,\n  0>>>(\n x);\ny") == "::workbook::cuda::launch(k, \"k\", 1,\n  2,\n  0)(\n x);\ny");
  CHECK(translate("void f() { extern __shared__\n float x[];\n}") ==
        "void f() { auto* const x = ::workbook::cuda::dynamic_shared<float>()\n;\n}");
}

TEST_CASE("inline PTX becomes C++", "[translate]") {
  CHECK(translate("asm(\"\" ::: \"memory\");") == "do { } while (0);");
  CHECK(translate("asm volatile(\"cp.async.\"\n  \"commit_group;\\n\" ::: \"memory\");") ==
        "do { workbook_cuda_async_commit(); } while (0)\n;");
  const std::string sum = translate("#define A(x, y) \\\n  asm(\"add.u32 %0, %0, %1;\" \\\n : \"+r\"(x) : \"r\"(y))\n");
  CHECK(sum.find("::workbook::ptx::plus(") != sum.npos);
  CHECK(sum.ends_with(" while (0) \\\n\n"));
  CHECK(sum.starts_with("#define A(x, y) \\\n  do {"));
}

TEST_CASE("what is not simulated is named at its place", "[translate]") {
  const auto [source, error] = GENERATE(table<std::string, std::string>({
      {"asm volatile(\"wgmma.fence.sync.aligned;\");", "inline PTX: `wgmma.fence.sync.aligned` is not simulated"},
      {"asm(\"mov.u32 %0, %smid;\" : \"=r\"(x));", "inline PTX: `%smid` is not simulated"},
      {"asm(\"bar.sync 1, 64;\");", "inline PTX: `bar.sync` of a part of the block is not simulated"},
      {"#define PTX asm volatile", "inline PTX: a statement that a macro puts together is not simulated"},
      {"asm(TEXT);", "inline PTX: a text that is put together by macros is not simulated"},
      {"cudaMallocManaged(&p, 4);", "managed memory is not simulated: allocate with cudaMalloc"},
      {"__managed__ int x;", "managed memory is not simulated"},
      {"x = tex1Dfetch<float>(t, i);", "textures and surfaces are not simulated"},
      {"texture<float, 1> t;", "textures and surfaces are not simulated"},
      {"__global__ void k() { f<<<1, 2>>>(); }",
       "a kernel that launches a kernel (dynamic parallelism) is not simulated"},
      {"__global__ void __cluster_dims__(2, 1, 1) k();", "thread block clusters are not simulated"},
      {"cudaLaunchCooperativeKernel(k, 1, 2, a);", "a cooperative launch is not simulated"},
  }));
  const std::string translated = translate("int x;\n" + source);
  INFO(translated);
  CHECK(translated.find("_Pragma(\"GCC error \\\"" + error) != translated.npos);
  CHECK(std::count(translated.begin(), translated.end(), '\n') == 1);
}

TEST_CASE("names of what is not simulated are left in directives", "[translate]") {
  const std::string source = "#ifdef cudaMallocManaged\n#include \"texture.h\"\n#endif\nfloat texture = 1;";
  CHECK(translate(source) == source);
}
