/// cuda_translate IN.cu -o OUT.cpp [-I FOLDER]... [-MF DEPENDENCIES]: the C++ that the simulator compiles for a .cu
/// file.

#include <cstdio>
#include <fstream>
#include <string_view>

#include "common/cuda/translate/translate.h"

namespace {

struct Arguments {
  std::string in, out, dependencies;
  std::vector<std::string> folders;
};

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (!word.starts_with('-') && arguments.in.empty()) {
      arguments.in = word;
      continue;
    }
    if (++i == argc) return false;
    if (word == "-o")
      arguments.out = argv[i];
    else if (word == "-I")
      arguments.folders.emplace_back(argv[i]);
    else if (word == "-MF")
      arguments.dependencies = argv[i];
    else
      return false;
  }
  return !arguments.in.empty() && !arguments.out.empty();
}

/// As make writes a name.
std::string escaped(const std::string& path) {
  std::string result;
  for (const char c : path) {
    if (c == ' ' || c == '#') result += '\\';
    if (c == '$') result += '$';
    result += c;
  }
  return result;
}

bool write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.flush();
  if (!out) std::fprintf(stderr, "cuda_translate: cannot write %s\n", path.c_str());
  return static_cast<bool>(out);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fputs("usage: cuda_translate IN.cu -o OUT.cpp [-I FOLDER]... [-MF DEPENDENCIES]\n", stderr);
    return 2;
  }
  try {
    const auto translated = workbook::cuda::translate_file(arguments.in, arguments.folders);
    std::string dependencies = escaped(arguments.out) + ":";
    for (const std::string& path : translated.read) dependencies += " \\\n  " + escaped(path);
    const bool wanted = !arguments.dependencies.empty();
    return write(arguments.out, translated.text) && (!wanted || write(arguments.dependencies, dependencies + "\n")) ? 0
                                                                                                                    : 1;
  } catch (const workbook::cuda::NotSimulated& e) {
    std::fprintf(stderr, "%s:%d:1: error: %s\n", e.path.c_str(), e.line, e.what());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "cuda_translate: %s\n", e.what());
  }
  return 1;
}
