#pragma once
/// One asm statement: its operands and its instructions.

#include <string>

namespace workbook::cuda {

/// The C++ of `asm volatile(inside)`; `bare` is what stands inside without comments, `code` without literals as well.
/// @throws UnknownPtx
std::string cpp_of_ptx(const std::string& bare, const std::string& code);

}  // namespace workbook::cuda
