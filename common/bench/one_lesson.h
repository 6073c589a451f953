#pragma once
/// A short look at one lesson: `bench 12`.

#include "common/bench/engine.h"
#include "common/options/bench.h"

namespace workbook::bench {

/// Of these origins, those of the lesson with that number, and of the yardstick's those of one implementation: the
/// solution if it is there.
/// @throws std::invalid_argument naming the lessons that there are
std::vector<Origin> origins_of_lesson(const std::vector<Origin>& all, const std::string& number);

/// Fills in what the command leaves open: one thread and five runs, or for one lesson all cores, three runs, the
/// lesson's device, and a workload of each kind with the layers that it computes.
/// @param origins as origins_of_lesson returns them
RunCommand completed(RunCommand command, const std::vector<Origin>& origins);

/// The options for that lesson, and speedups against the yardstick.
void restrict_to_lesson(Options& options);

}  // namespace workbook::bench
