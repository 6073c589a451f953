#pragma once
/// What a page is told, as one JSON document. It holds what the student's program printed, as text: a page must not
/// take any of it for HTML.

#include <string>

#include "common/cli/command.h"
#include "common/cli/loop.h"

namespace workbook::cli::study {

/// {"lesson", "phase", "verdict", "tests", "exercises", "predictions", "lessons", ...}: the board of a lesson, and the
/// lessons of the book.
std::string snapshot_document(const Book& book, const Lesson& lesson, const Board& board);

}  // namespace workbook::cli::study
