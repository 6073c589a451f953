#pragma once
/// What of CUDA is not simulated and can be told by a word: one sentence where the compiler meets it.

#include "common/cuda/translate/source_text.h"

namespace workbook::cuda {

/// An error at this place if the preprocessor leaves it, before any other error of the compiler.
std::string error_pragma(const std::string& sentence);

void translate_refused_words(const SourceText& text, Edits& edits);

}  // namespace workbook::cuda
