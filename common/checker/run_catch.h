#pragma once
/// Catch2's own session, in a file of its own because 2.13 compiles slowly.

namespace workbook {

/// Runs Catch2 with these arguments; returns its exit code: the number of failed assertions, at most 255, which also
/// stands for bad arguments.
int run_catch(int argc, const char* const* argv);

}  // namespace workbook
