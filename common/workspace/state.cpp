#include "common/workspace/state.h"

#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

#include <fmt/core.h>

#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/system/text.h"

namespace workbook::workspace {

using nlohmann::json;

json read_state(const Workspace& workspace, const std::string& name) {
  const fs::path path = workspace.state / name;
  const auto text = read_file(path);
  if (!text) return json::object();
  json state = json::parse(*text, nullptr, false);
  if (state.is_object()) return state;
  const fs::path aside = fmt::format("{}.damaged-{}", path.string(), timestamp());
  std::error_code error;
  fs::rename(path, aside, error);
  fmt::print(stderr, "{} could not be read; starting afresh{}\n", shown(path),
             error ? "." : fmt::format(", the old one is now {}.", shown(aside)));
  return json::object();
}

void update_state(const Workspace& workspace, const std::string& name, const std::function<void(json&)>& change) {
  try {
    const FileLock lock(workspace.state / "lock");
    json state = read_state(workspace, name);
    change(state);
    write_atomically(workspace.state / name, state.dump(1) + '\n');
  } catch (const Error& error) {
    fmt::print(stderr, "Not remembered: {}\n", error.what());
  }
}

fs::path pristine_path(const Workspace& workspace, const Lesson& lesson, const std::string& file) {
  return workspace.state / "pristine" / lesson.id / file;
}

std::string read_pristine(const Workspace& workspace, const Lesson& lesson, const std::string& file) {
  const fs::path path = pristine_path(workspace, lesson, file);
  if (auto text = read_file(path)) return *std::move(text);
  throw Error(fmt::format("expected {} as it was handed out in {}, found none", file, shown(path)));
}

namespace {

/// Is there a NotImplemented() for every exercise?
bool nothing_begun(const Lesson& lesson) {
  std::size_t count = 0;
  for (const auto& [file, stub] : lesson.contents_in(lesson.folder))
    for (auto at = stub.find("NotImplemented()"); at != stub.npos; at = stub.find("NotImplemented()", at + 1)) ++count;
  return count >= lesson.exercises.size();
}

void keep_pristine(const Workspace& workspace, const Lesson& lesson, const std::string& file) {
  const fs::path copy = pristine_path(workspace, lesson, file);
  const auto stub = read_file(lesson.folder / file);
  if (!stub) return;
  // An edition may have a solution that its instructor has released; its stubs change with `update` only.
  const bool authored_here =
      fs::exists(workspace.root / "solutions" / lesson.id) && !fs::exists(workspace.root / ".edition.json");
  const bool follows = authored_here && read_file(copy) != stub && nothing_begun(lesson);
  if (follows || !fs::exists(copy)) write_atomically(copy, *stub);
}

}  // namespace

void keep_pristine_stubs(const Workspace& workspace, const Catalog& catalog) {
  try {
    for (const Lesson& lesson : catalog.lessons)
      for (const std::string& file : lesson.files) keep_pristine(workspace, lesson, file);
  } catch (const Error&) {
    // A checkout that cannot be written: `reset` and `diff` will say so.
  }
}

namespace {

/// The content of a stub, as if it was written on a system whose lines end with "\n" alone.
std::optional<std::string> read_stub(const fs::path& path) {
  auto text = read_file(path);
  if (text) *text = with_plain_line_ends(*text);
  return text;
}

}  // namespace

bool is_edited(const Workspace& workspace, const Lesson& lesson) {
  for (const std::string& file : lesson.files) {
    const auto pristine = read_stub(pristine_path(workspace, lesson, file));
    if (pristine && pristine != read_stub(lesson.folder / file)) return true;
  }
  return false;
}

std::string content_hash(const Lesson& lesson) {
  std::string all;
  for (const std::string& file : lesson.files) all += file + '\0' + read_stub(lesson.folder / file).value_or("") + '\0';
  return fingerprint(all);
}

Snapshot snapshot(const Lesson& lesson) {
  Snapshot now{content_hash(lesson), {}};
  for (const std::string& file : lesson.files) {
    struct stat status {};
    ::stat((lesson.folder / file).c_str(), &status);
    now.changed.push_back(std::int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec);
  }
  return now;
}

}  // namespace workbook::workspace
