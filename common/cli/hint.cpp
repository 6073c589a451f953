#include <algorithm>
#include <memory>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/cli/hints.h"
#include "common/cli/progress.h"
#include "common/system/errors.h"
#include "common/system/terminal.h"
#include "common/system/text.h"

namespace workbook::cli {

namespace {

struct HintOptions {
  std::string lesson;
  int todo = 0;
  bool all = false;
};

const Exercise& chosen_exercise(const Book& book, const Lesson& lesson, int todo) {
  if (todo == 0) return next_exercise(lesson, Progress(book.workspace).of(lesson).functions);
  const auto found = std::find_if(lesson.exercises.begin(), lesson.exercises.end(),
                                  [&](const Exercise& exercise) { return exercise.todo == todo; });
  if (found != lesson.exercises.end()) return *found;
  std::string known;
  for (const Exercise& exercise : lesson.exercises)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", exercise.todo);
  throw UsageError(fmt::format("expected a TODO of {} ({}), found {}", lesson.id, known, todo));
}

void print_hint(const Exercise& exercise, int level, const std::string& text) {
  fmt::print("{}\n{}\n", paint(Ink::bold, hint_heading(exercise, level)), wrapped(text, 80, 2));
}

int show_hint(const HintOptions& options) {
  const Book book = open_book();
  const Lesson& lesson = book.catalog.find(options.lesson);
  const Exercise& exercise = chosen_exercise(book, lesson, options.todo);
  const auto hints = hints_of(lesson, exercise);
  const int seen = count_hint(book.workspace, lesson, exercise.todo, options.all);
  const bool all = options.all || seen == kHintLevels;
  const int last = all ? kHintLevels : seen + 1;
  for (int level = all ? 1 : last; level <= last; ++level)
    print_hint(exercise, level, hints.at(static_cast<std::size_t>(level) - 1));
  if (all)
    fmt::print("\nThese are all the hints for TODO({}).\n", exercise.todo);
  else if (last == kHintLevels)
    fmt::print("\nThat was the last one. All three again: {}\n",
               call(fmt::format("hint {} {}", lesson.number, exercise.todo)));
  else
    fmt::print("\nAgain for hint {} of {}: {}\n", last + 1, kHintLevels,
               call(fmt::format("hint {} {}", lesson.number, exercise.todo)));
  return 0;
}

}  // namespace

Action commands::hint(Options options) {
  auto hint = std::make_shared<HintOptions>();
  options.required("lesson", hint->lesson, "number, name or part of it");
  options.number("todo", hint->todo, "which TODO; without: the one that fails, or comes next");
  options.flag("--all", hint->all, "all the hints at once");
  return [hint] { return show_hint(*hint); };
}

}  // namespace workbook::cli
