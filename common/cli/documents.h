#pragma once
/// The JSON documents that commands print with --json.

#include <optional>
#include <string>

#include "common/cli/command.h"
#include "common/cli/judge.h"
#include "common/cli/progress.h"

namespace workbook::cli {

/// {"lessons": [{"id", "title", "track", "verdict", "edited", "points", "max_points", "exercises": [...]}], "next",
/// "broken"}. A verdict is null when the file was edited since it was judged.
std::string board_document(const Book& book, const Progress& progress);

/// {"lesson", "verdict", "points", "max_points", "passed", "total", "tests": [as the checker reports them]}, with
/// "message" when the file does not compile and "crash" when the sanitizers explained one.
std::string test_document(const Lesson& lesson, const Judged& judged, const std::optional<CrashReport>& crash);

}  // namespace workbook::cli
