#pragma once
/// Archives that nobody honest hands in, and what becomes of each. They also seed the fuzzer.

#include <functional>
#include <string>
#include <vector>

#include "common/grading/intake/intake.h"

namespace workbook::grading {

/// For lessons 01_first (first.cpp) and 02_second (second.cpp), and limits that are small: see hostile_limits().
struct Hostile {
  const char* what;
  std::function<std::string()> bytes;
  const char* refused = "";       ///< part of the reason for refusing all of it; "": it is not refused
  const char* first = nullptr;    ///< what is taken for lesson 01; null: nothing is
  const char* refused_file = "";  ///< part of the reason for refusing lesson 01's file
};

const std::vector<Hostile>& hostile_archives();

/// Small limits, so that bombs are small.
IntakeLimits hostile_limits();

}  // namespace workbook::grading
