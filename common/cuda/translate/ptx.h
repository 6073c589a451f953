#pragma once
/// Inline PTX: each asm statement becomes C++ that does what its instructions say.

#include "common/cuda/translate/source_text.h"

namespace workbook::cuda {

void translate_assembly(const SourceText& text, Edits& edits);

/// What stands for `asm volatile(inside)`: a statement, or an error at that place that names the instruction. `bare` is
/// its text without comments, `code` without literals as well.
std::string cpp_of_assembly(const std::string& bare, const std::string& code);

}  // namespace workbook::cuda
