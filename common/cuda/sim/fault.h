#pragma once
/// Telling what is wrong, where, and what to do about it.

#include <initializer_list>
#include <span>
#include <string>

#include "common/cuda/evidence.h"

namespace workbook::cuda {

/// Notes a fault, at most a few of them. "{0}" in the text is the source line of the first of `places`, which are
/// return addresses.
void report(CudaFaultKind kind, std::string text, std::initializer_list<const void*> places, bool is_leak = false);

/// Notes a fault of two places that it may be one or two of, by the calls that lead there: none if both are the same
/// lines of the source, which whoever reads the source's lines finds out. "{0}" and "{at1}" are the innermost calls.
void report_unless_same(std::string text, std::span<const void* const> calls, std::span<const void* const> others);

/// The faults since the last time, which are then forgotten.
std::vector<CudaFault> take_faults();

}  // namespace workbook::cuda
