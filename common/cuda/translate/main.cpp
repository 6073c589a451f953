/// cuda_translate IN.cu -o OUT.cpp: the C++ that the simulator compiles for a .cu file.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>

#include "common/cuda/translate/translate.h"

int main(int argc, char** argv) {
  if (argc != 4 || std::string_view(argv[2]) != "-o") {
    std::fputs("usage: cuda_translate IN.cu -o OUT.cpp\n", stderr);
    return 2;
  }
  std::ifstream in(argv[1], std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "cuda_translate: cannot read %s\n", argv[1]);
    return 1;
  }
  const std::string source{std::istreambuf_iterator<char>(in), {}};
  try {
    std::ofstream out(argv[3], std::ios::binary);
    out << "#line 1 \"" << argv[1] << "\"\n" << workbook::cuda::translate(source);
    out.flush();
    if (!out) {
      std::fprintf(stderr, "cuda_translate: cannot write %s\n", argv[3]);
      return 1;
    }
  } catch (const workbook::cuda::NotSimulated& e) {
    std::fprintf(stderr, "%s:%d:1: error: %s\n", argv[1], e.line, e.what());
    return 1;
  }
}
