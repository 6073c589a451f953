#pragma once
/// Rewrites the few things of CUDA that are no C++: launches and dynamic shared memory. Every line stays where it is,
/// so that a compiler's or a debugger's line numbers are those of the .cu file.

#include <stdexcept>
#include <string>

namespace workbook::cuda {

/// Something in a .cu file that the simulator does not run.
struct NotSimulated : std::runtime_error {
  NotSimulated(int line, const std::string& what) : std::runtime_error(what), line(line) {}
  int line;
};

/// The C++ of a .cu file. @throws NotSimulated
std::string translate(const std::string& source);

}  // namespace workbook::cuda
