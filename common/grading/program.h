#pragma once
/// The commands of the grading program. Each returns its exit code. To add one: write its file, declare its options in
/// common/options/grading.cpp, and give it a line in run() of main.cpp.

#include "common/options/grading.h"

namespace workbook::grading::commands {

int release(const ReleaseOptions& options);
int bundle(const BundleOptions& options);
int grade(const GradeOptions& options);
int bench(const BenchOptions& options);

}  // namespace workbook::grading::commands
