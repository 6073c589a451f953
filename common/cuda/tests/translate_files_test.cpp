/// The translator and files: what a .cu includes, and that no source, however broken, loses a line.

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "common/checker/catch.h"
#include "common/cuda/translate/translate.h"

using workbook::cuda::NotSimulated;
using workbook::cuda::translate;
using workbook::cuda::translate_file;

namespace fs = std::filesystem;

namespace {

/// A folder that is removed at the end.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("workbook_translate_" + std::to_string(::getpid()))) {
    fs::create_directories(path_ / "below");
  }
  ~Folder() { fs::remove_all(path_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
  }
  std::string at(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

std::string content_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string mark(int line, const std::string& path) { return "#line " + std::to_string(line) + " \"" + path + "\"\n"; }

/// Everything that this folder and those below it hold for the translator.
std::vector<std::string> sources() {
  std::vector<std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(SOURCES_FOLDER))
    if (entry.path().extension() == ".cu" || entry.path().extension() == ".cuh")
      all.push_back(content_of(entry.path()));
  std::ranges::sort(all);
  return all;
}

/// The text with something taken away, doubled, moved or put in between.
std::string mutated(std::string text, std::mt19937& random) {
  static const char* const kPieces[] = {"<<<",
                                        ">>>",
                                        "< <<",
                                        "{",
                                        "}",
                                        "(",
                                        ")",
                                        ";",
                                        "\\\n",
                                        "\n",
                                        "/*",
                                        "*/",
                                        "//",
                                        "\"",
                                        "'",
                                        "R\"(",
                                        "asm(\"",
                                        "asm volatile(",
                                        "%0",
                                        ":",
                                        "#define X(a) ",
                                        "\n#if 1\n",
                                        "\n#else\n",
                                        "\n#endif\n",
                                        "template <",
                                        "extern __shared__ ",
                                        "__shared__ ",
                                        "alignas(",
                                        "static ",
                                        "[",
                                        "]",
                                        "__global__ ",
                                        "__launch_bounds__(",
                                        "cudaMallocManaged",
                                        "namespace a ",
                                        "operator",
                                        "k<<<1, 2>>>(x)",
                                        "\n#include \"x.h\"\n",
                                        "::",
                                        "->"};
  const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
  for (std::size_t i = below(4) + 1; i > 0; --i) {
    const std::size_t at = below(text.size() + 1), bytes = below(std::min<std::size_t>(60, text.size() - at + 1));
    switch (below(4)) {
      case 0:
        text.erase(at, bytes);
        break;
      case 1:
        text.insert(below(text.size() + 1), text.substr(at, bytes));
        break;
      default:
        text.insert(at, kPieces[below(std::size(kPieces))]);
    }
  }
  return text;
}

}  // namespace

TEST_CASE("what a translation changes of an included file takes its place", "[translate]") {
  const Folder folder;
  const std::string main = folder.write("a.cu", "#include \"b.cuh\"\n#include \"plain.h\"\nf();\n"),
                    inner = folder.write("b.cuh", "#include \"b.cuh\"\nk<<<1, 2>>>(x);\n"),
                    plain = folder.write("plain.h", "int x;\n");
  const auto translated = translate_file(main, {folder.at("")});
  CHECK(translated.text == mark(1, main) + mark(1, inner) + "\n::workbook::cuda::launch(k, \"k\", 1, 2)(x);\n\n" +
                               mark(2, main) + "#include \"plain.h\"\nf();\n");
  CHECK(translated.read == std::vector<std::string>{main, inner, plain});
}

TEST_CASE("a refusal names the file that is refused", "[translate]") {
  const Folder folder;
  const std::string main = folder.write("a.cu", "\n\n#include \"b.cuh\"\n"),
                    inner = folder.write("b.cuh", "\n#include \"large.cuh\"\n");
  folder.write("large.cuh", std::string(65 << 20, ' '));
  try {
    translate_file(main, {});
    FAIL("64 MB are translated");
  } catch (const NotSimulated& refused) {
    CHECK(refused.path == inner);
    CHECK(refused.line == 2);
  }
}

TEST_CASE("a file that wants to be included once is", "[translate]") {
  const Folder folder;
  const std::string main = folder.write("a.cu", "#include \"b.cuh\"\n#include \"b.cuh\"\n");
  folder.write("b.cuh", "#pragma once\nextern __shared__ float x[];\n");
  const std::string text = translate_file(main, {}).text;
  CHECK(text.find("#pragma") == text.npos);
  CHECK(text.find("#ifndef WORKBOOK_ONCE_1\n#define WORKBOOK_ONCE_1\n") != text.npos);
}

TEST_CASE("what is found beside an included file is named by its path", "[translate]") {
  const Folder folder;
  const std::string main = folder.write("a.cu", "#include \"below/b.cuh\"\nvoid f() { k<<<1, 2>>>(x); }\n"),
                    plain = folder.write("below/plain.h", "int x;\n");
  folder.write("below/b.cuh",
               "#include \"plain.h\"\n#define T(x) __noinline__ x\ntemplate <class T> __global__ void k(T);\n");
  const std::string text = translate_file(main, {folder.at("")}).text;
  CHECK(text.find("#include \"" + plain + "\"\n") != text.npos);
  CHECK(text.find("{ k(workbook_arguments...); }") != text.npos);  // the template is known from there
}

TEST_CASE("two files that include each other end", "[translate]") {
  const Folder folder;
  const std::string main = folder.write("a.cu", "#include \"b.cuh\"\n");
  folder.write("b.cuh", "#include \"c.cuh\"\nk<<<1, 2>>>(x);\n");
  folder.write("c.cuh", "#include \"b.cuh\"\nk<<<1, 2>>>(y);\n");
  const auto translated = translate_file(main, {});
  CHECK(translated.read.size() == 3);
  CHECK(translated.text.find("<<<") == translated.text.npos);
}

TEST_CASE("no source loses a line or gets one more", "[translate]") {
  const auto all = sources();
  REQUIRE(all.size() > 5);
  constexpr int kMutations = 3000;
  std::mt19937 random(16);
  for (int i = 0; i < kMutations; ++i) {
    const std::string source = mutated(all[random() % all.size()], random);
    try {
      const std::string translated = translate(source);
      if (std::ranges::count(translated, '\n') == std::ranges::count(source, '\n')) continue;
    } catch (const NotSimulated&) {
      continue;
    }
    INFO(source);
    FAIL("mutation " << i << " has another number of lines");
  }
}
