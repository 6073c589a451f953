#pragma once
/// Rewrites the few things of CUDA that are no C++: launches, dynamic shared memory and inline PTX. Every line stays
/// where it is, so that a compiler's or a debugger's line numbers are those of the .cu file.

#include <stdexcept>
#include <string>
#include <vector>

namespace workbook::cuda {

/// Something in a .cu file that the simulator cannot take at all. What it does not run is told by the compiler, where
/// the preprocessor leaves it (refusals.h).
struct NotSimulated : std::runtime_error {
  NotSimulated(int line, const std::string& what) : std::runtime_error(what), line(line) {}
  int line;
  std::string path;  ///< of the file, if it was read by translate_file()
};

/// The C++ of a source that includes nothing of its own. @throws NotSimulated
std::string translate(const std::string& source);

struct TranslatedFile {
  std::string text;
  std::vector<std::string> read;  ///< all files that the translation depends on
};

/// The C++ of a file. What it includes in quotes is looked for beside it, then in `folders`; where a translation
/// changes that, it stands in place of the #include. @throws NotSimulated, std::runtime_error if the file is unreadable
TranslatedFile translate_file(const std::string& path, const std::vector<std::string>& folders);

}  // namespace workbook::cuda
