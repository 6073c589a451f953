#pragma once
/// What a student edition is made of: an allowlist. Whatever is not named here stays with the instructor.

#include <map>
#include <string>
#include <vector>

#include "common/workspace/workspace.h"

namespace workbook::grading {

namespace fs = std::filesystem;

/// By path from the root. `executable` is the only permission that differs.
struct EditionFile {
  std::string content;
  bool executable = false;
};
using EditionFiles = std::map<std::string, EditionFile>;

/// Everything students get of these lessons: texts, stubs, public tests, machinery, guides, pristine copies of stubs.
/// Passages for instructors and links to what is left out are gone from the texts.
/// @param solved lessons whose solutions go along, and with them the mistakes that public tests catch
/// @throws system::Error if a file cannot be read.
EditionFiles collect_edition(const fs::path& root, const std::vector<workspace::Lesson>& lessons,
                             const std::vector<workspace::Lesson>& solved = {});

/// What grades these lessons and needs no more: the edition's files, hidden tests and grading, no solutions.
EditionFiles collect_workbook(const fs::path& root, const std::vector<workspace::Lesson>& lessons);

/// The lessons meant by "01-08" or "01,04"; all of them by "".
/// @throws system::UsageError if it is none of that, or a number is nobody's
std::vector<workspace::Lesson> chosen_lessons(const workspace::Catalog& catalog, const std::string& wanted);

/// `text` without the passages between <!-- instructors --> and <!-- /instructors -->, without list items that begin
/// with a link to a file that `exists` denies, and with the words only of other such links. `path` is the text's own.
std::string text_for_students(const std::string& text, const std::string& path, const EditionFiles& files);

}  // namespace workbook::grading
