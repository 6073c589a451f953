#pragma once
/// Declarations of shared memory.

#include "common/cuda/translate/blocks.h"
#include "common/cuda/translate/known.h"

namespace workbook::cuda {

/// `extern __shared__` becomes a pointer, or a reference, to the launch's dynamic shared memory. In a declaration of
/// static shared memory `static` goes, and alignas() moves to the front.
void translate_shared_memory(const SourceText& text, const std::vector<Block>& blocks, Known& known, Edits& edits);

}  // namespace workbook::cuda
