#pragma once
/// The numbers that a student predicted before anything ran. Kept in .workbook/predictions.json.

#include <map>
#include <string>

#include "common/cli/system.h"
#include "common/workspace/workspace.h"

namespace workbook::cli::study {

inline constexpr std::size_t kLongestPrediction = 200;  ///< characters

/// What the student wrote for this lesson, by label.
std::map<std::string, std::string> read_predictions(const Workspace& workspace, const Lesson& lesson);

/// Keeps one; an empty text takes it back. @throws UsageError for a label that the lesson does not have, and for a text
/// that is too long
void keep_prediction(const Workspace& workspace, const Lesson& lesson, const std::string& label,
                     const std::string& text);

}  // namespace workbook::cli::study
