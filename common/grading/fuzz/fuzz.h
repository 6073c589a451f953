#pragma once
/// What a fuzz target says beside LLVMFuzzerTestOneInput.

#include <string>
#include <vector>

namespace workbook::grading {

/// Inputs to begin with.
std::vector<std::string> fuzz_seeds();

}  // namespace workbook::grading
