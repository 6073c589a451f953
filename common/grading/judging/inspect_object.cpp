/// Says whether a submission's object may be linked. It runs in the compiler's sandbox, for what it reads is hostile.
///
///     inspect_object OBJECT NAMESPACE [--marked] [--cuda] LESSON_OBJECT...
///
/// Exit status 0 if it may; else what stands in the way, a line each.

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

#include "common/grading/judging/object_rules.h"

namespace {

using namespace workbook::grading;

ObjectFile read(const char* path) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  if (!in && bytes.empty()) throw std::runtime_error(std::string("cannot read ") + path);
  return read_object(bytes);
}

/// The last word of the sentence is a name, perhaps a mangled one.
std::string readable(const std::string& sentence) {
  const std::size_t at = sentence.rfind(' ') + 1;
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(sentence.c_str() + at, nullptr, nullptr, &status), &std::free);
  return name ? sentence.substr(0, at) + name.get() : sentence;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) throw std::runtime_error("usage: inspect_object OBJECT NAMESPACE [--marked] [--cuda] LESSON_OBJECT...");
  Flavour flavour;
  std::vector<ObjectFile> lesson;
  for (int i = 3; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--marked")
      flavour.marked = true;
    else if (word == "--cuda")
      flavour.cuda = true;
    else
      lesson.push_back(read(argv[i]));
  }
  const auto refused = refused_parts(read(argv[1]), names_of(argv[2], lesson), flavour);
  constexpr std::size_t kMost = 8, kLongest = 300;
  for (std::size_t i = 0; i < refused.size() && i < kMost; ++i) {
    const std::string sentence = readable(refused[i]);
    std::printf("a graded file may not do this: it %.*s%s\n", static_cast<int>(kLongest), sentence.c_str(),
                sentence.size() > kLongest ? "..." : "");
  }
  if (refused.size() > kMost) std::printf("... and %zu more of this kind\n", refused.size() - kMost);
  return refused.empty() ? 0 : 1;
} catch (const std::exception& error) {
  std::printf("inspect_object: %s\n", error.what());
  return 2;
}
