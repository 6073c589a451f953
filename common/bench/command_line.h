#pragma once
/// Does what was asked of the benchmark's program.

#include <string>

#include "common/bench/engine.h"
#include "common/options/bench.h"

namespace workbook::bench {

/// Measures. @throws std::invalid_argument for options that cannot be combined, naming those that can
Document run(const RunCommand& command, const Progress& progress, const Stop& stop);

std::string rendered(const Document& document, const Format& format);

/// report or compare. @returns the exit code
int run_subcommand(const std::string& name, const RunCommand& command);

}  // namespace workbook::bench
