#pragma once
/// Does what was asked of the benchmark's program.

#include <string>

#include "common/bench/engine.h"
#include "common/options/bench.h"

namespace workbook::bench {

/// Measures. @throws std::invalid_argument for options that cannot be combined, naming those that can
Document run(const RunCommand& command, const Progress& progress, const Stop& stop);

/// All that whoever works here has written, on the CPU and on CUDA devices, judged by their own method; saved where the
/// command says. A document for each device that has something to run.
std::vector<Document> run_mine(const RunCommand& command, const Progress& progress, const Stop& stop);

std::string rendered(const Document& document, const Format& format);
std::string rendered(const std::vector<Document>& documents, const Format& format);  ///< of run_mine

/// report or compare. @returns the exit code
int run_subcommand(const std::string& name, const RunCommand& command);

}  // namespace workbook::bench
