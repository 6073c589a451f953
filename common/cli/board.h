#pragma once
/// The board: every lesson on a line, the begun ones with their exercises.

#include "common/cli/command.h"
#include "common/cli/progress.h"

namespace workbook::cli {

void print_board(const Book& book, const Progress& progress);

/// What to read, edit and run for a lesson.
void print_steps(const Lesson& lesson, const std::map<std::string, Verdict>& functions);

/// The file of the lesson with that TODO; the first one if the TODO's comment is gone.
fs::path file_with_todo(const Lesson& lesson, int todo);

/// "60 minutes".
std::string minutes_text(const Lesson& lesson);

/// The next lesson and its steps.
void print_next(const Book& book, const Progress& progress, const Lesson* after = nullptr);

}  // namespace workbook::cli
