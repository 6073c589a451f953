#pragma once
/// Inline PTX: each asm statement becomes C++ that does what its instructions say.

#include "common/cuda/translate/source_text.h"

namespace workbook::cuda {

/// What is not simulated becomes an error at its place that names the instruction.
void translate_assembly(const SourceText& text, Edits& edits);

}  // namespace workbook::cuda
