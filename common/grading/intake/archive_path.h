#pragma once
/// Paths as archives have them.

#include <string>
#include <vector>

#include "common/grading/intake/entry.h"

namespace workbook::grading {

/// What is wrong with the entry at hand alone: the others can still be read.
struct BadEntry : Refused {
  using Refused::Refused;
};

/// A path's folders and name. @throws BadEntry if it leads out of a folder or too deep into one, or cannot be read
std::vector<std::string> safe_parts(std::string path);

}  // namespace workbook::grading
