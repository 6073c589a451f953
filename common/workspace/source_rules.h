#pragma once
/// What a file may not say if it is to be graded: words that lead around the compiler's marks, or around the contract.

#include <string>
#include <string_view>
#include <vector>

namespace workbook::workspace {

/// Assembly, attributes that change how code is marked, linked or started, pasted names. One sentence for each place,
/// "line 12: ..."; none if the file may be graded. In a file with kernels, the processor's own vector instructions,
/// too: what they read and write is not marked; and thread_local, which would be shared memory without a limit.
std::vector<std::string> refused_words(std::string_view source, bool has_kernels);

}  // namespace workbook::workspace
