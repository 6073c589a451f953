#pragma once
/// Where each result lies in the folder of a class.
///
///     summary.html  grades.csv  canvas.csv  moodle.csv  changes.csv  problems.csv  timing.svg  plots/
///     students/STUDENT/    feedback.html feedback.md results.json junit.xml: to be handed out
///     instructor/STUDENT.html    the same page with what hidden tests found
///     submissions/STUDENT/    what was taken in
///     cache/    what the next run needs

#include <filesystem>
#include <vector>

#include "common/grading/exports/exports.h"

namespace workbook::grading {

/// Writes every file whole or not at all, and removes what belongs to students who are no longer there.
/// @param byte_order_mark in front of the CSV files: Excel takes them for UTF-8 then
/// @throws system::Error if one cannot be written
void write_results(const std::filesystem::path& out, const Gradebook& book, const std::vector<Change>& changes,
                   const std::vector<Slow>& slow, bool byte_order_mark);

}  // namespace workbook::grading
