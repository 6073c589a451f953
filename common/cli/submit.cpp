#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>

#include <fmt/chrono.h>

#include "common/cli/command.h"
#include "common/cli/progress.h"
#include "common/cli/verdict_colour.h"
#include "common/edition/edition.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/system/process.h"
#include "common/system/sha256.h"
#include "common/system/temporary_folder.h"
#include "common/system/text.h"
#include "common/workspace/source_rules.h"
#include "common/workspace/state.h"

namespace workbook::cli {

namespace {

using nlohmann::json;

struct SubmitOptions {
  std::vector<std::string> lessons;
  std::string out = "submission.zip";
  bool all = false;
};

std::vector<const Lesson*> chosen(const Book& book, const SubmitOptions& options) {
  std::vector<const Lesson*> lessons;
  for (const std::string& wanted : options.lessons) lessons.push_back(&book.catalog.find(wanted));
  if (lessons.empty())
    for (const Lesson& lesson : book.catalog.lessons)
      if (options.all || is_edited(book.workspace, lesson)) lessons.push_back(&lesson);
  if (lessons.empty()) throw UsageError("expected a lesson that was begun, found none; `--all` hands in all the same");
  std::sort(lessons.begin(), lessons.end(), [](const Lesson* a, const Lesson* b) { return a->id < b->id; });
  lessons.erase(std::unique(lessons.begin(), lessons.end()), lessons.end());
  return lessons;
}

/// When a file was last written, in whole seconds.
std::time_t written(const fs::path& path) {
  const auto time = std::chrono::file_clock::to_sys(fs::last_write_time(path));
  return std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
}

std::string utc(std::time_t time) { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time)); }

/// A file of a lesson, with what the last ordinary run said of it.
json entry_of(const Lesson& lesson, const std::string& file, const std::string& content, const Standing& standing) {
  return {{"lesson", lesson.id},
          {"file", file},
          {"sha256", sha256(content)},
          {"verdict", standing.verdict ? json(name(*standing.verdict)) : json()},
          {"points", standing.verdict ? standing.points : 0},
          {"max_points", standing.max_points}};
}

/// Puts the chosen files and the manifest into `folder`; the time is that of the file written last.
std::time_t stage(const Book& book, const std::vector<const Lesson*>& lessons, const fs::path& folder) {
  const Progress progress(book.workspace);
  const auto edition = read_edition(book.workspace.root);
  json files = json::array();
  std::time_t newest = 315'619'200;  // zip knows no time before 1980
  for (const Lesson* lesson : lessons)
    for (const std::string& file : lesson->files) {
      const auto content = read_file(lesson->folder / file);
      if (!content) throw Error(fmt::format("expected {}, found none", shown(lesson->folder / file)));
      write_atomically(folder / "lessons" / lesson->id / file, *content);
      newest = std::max(newest, written(lesson->folder / file));
      files.push_back(entry_of(*lesson, file, *content, progress.of(*lesson)));
    }
  newest = std::min(newest, std::time(nullptr));  // a file may be dated in the future
  const json manifest = {
      {"format", 1}, {"edition", edition ? edition->id : ""}, {"edited_at", utc(newest)}, {"files", files}};
  write_atomically(folder / "manifest.json", manifest.dump(1) + '\n');
  return newest;
}

/// In a fixed order, and as old as the work, not as the packing.
void pack(const fs::path& folder, const fs::path& out, const std::vector<const Lesson*>& lessons, std::time_t time) {
  Process tar{.argv = {"cmake", "-E", "tar", "cf", out.string(), "--format=zip",
                       fmt::format("--mtime={:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(time)), "manifest.json"},
              .folder = folder,
              .env = {{"TZ", "UTC"}},
              .capture = true};
  for (const Lesson* lesson : lessons)
    for (const std::string& file : lesson->files) tar.argv.push_back(fmt::format("lessons/{}/{}", lesson->id, file));
  if (const Ended ended = run(tar); !ended.ok())
    throw Error(fmt::format("cannot write {}: {}", shown(out), trimmed(ended.output)));
}

/// What grading will not accept, so that nobody learns of it from a zero.
void print_refusals(const std::vector<const Lesson*>& lessons) {
  for (const Lesson* lesson : lessons)
    for (const std::string& file : lesson->files)
      for (const std::string& refused :
           workspace::refused_words(read_file(lesson->folder / file).value_or(""), lesson->has_kernels()))
        fmt::print("Grading refuses lessons/{}/{}, {}\n", lesson->id, file, refused);
}

void print_contents(const Book& book, const std::vector<const Lesson*>& lessons, const fs::path& out) {
  const Progress progress(book.workspace);
  bool doubtful = false;
  fmt::print("{} holds manifest.json and\n", shown(out));
  for (const Lesson* lesson : lessons) {
    const Standing standing = progress.of(*lesson);
    doubtful = doubtful || !standing.finished();
    const std::string state =
        !standing.verdict ? fmt::format("edited since it was judged; `{}`", call("test " + lesson->number))
        : standing.max_points > 0
            ? fmt::format("{}  {}/{} points", painted(*standing.verdict), standing.points, standing.max_points)
            : painted(*standing.verdict);
    for (const std::string& file : lesson->files)
      fmt::print("  {}  {}\n", padded(fmt::format("lessons/{}/{}", lesson->id, file), 52), state);
  }
  if (doubtful) fmt::print("Not everything passes; you may hand in again once it does.\n");
}

int hand_in(const SubmitOptions& options) {
  const Book book = open_book();
  const auto lessons = chosen(book, options);
  const fs::path out = fs::absolute(options.out);
  if (fs::is_directory(out)) throw UsageError(fmt::format("expected a file to write, found the folder {}", shown(out)));
  const ScratchFolder folder;
  const std::time_t time = stage(book, lessons, folder.path());
  const fs::path draft = folder.path() / "submission.zip";
  pack(folder.path(), draft, lessons, time);
  try {
    write_atomically(out, read_file(draft).value());
  } catch (const Error& error) {
    throw Error(fmt::format("{}, or write elsewhere with -o FILE", error.what()));
  }
  print_contents(book, lessons, out);
  print_refusals(lessons);
  return 0;
}

}  // namespace

Action commands::submit(Options options) {
  auto chosen = std::make_shared<SubmitOptions>();
  options.texts("--lesson", chosen->lessons, "hand in only this lesson; may be repeated");
  options.flag("--all", chosen->all, "also lessons that were not begun");
  options.text("--output,-o", chosen->out, "the file to write (submission.zip)");
  return [chosen] { return hand_in(*chosen); };
}

}  // namespace workbook::cli
