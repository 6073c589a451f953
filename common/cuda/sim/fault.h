#pragma once
/// Telling what is wrong, where, and what to do about it.

#include <initializer_list>
#include <string>

#include "common/cuda/evidence.h"

namespace workbook::cuda {

/// Notes a fault, at most a few of them. "{0}" in the text is the source line of the first of `places`, which are
/// return addresses.
void report(CudaFaultKind kind, std::string text, std::initializer_list<const void*> places, bool is_leak = false);

/// The faults since the last time, which are then forgotten.
std::vector<CudaFault> take_faults();
bool has_faults();

}  // namespace workbook::cuda
