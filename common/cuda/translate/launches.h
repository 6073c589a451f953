#pragma once
/// kernel<<<grid, block, shared, stream>>>(arguments), however a formatter has spaced it.

#include "common/cuda/translate/blocks.h"
#include "common/cuda/translate/known.h"

namespace workbook::cuda {

/// Notes the names of __global__ templates, and how many parameters each has.
void find_kernel_templates(const SourceText& text, Known& known);

void translate_launches(const SourceText& text, const std::vector<Block>& blocks, const Known& known, Edits& edits);

}  // namespace workbook::cuda
