#include "common/edition/update.h"

#include <set>

#include <fmt/format.h>

#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/system/sha256.h"
#include "common/system/text.h"
#include "common/workspace/state.h"

namespace workbook::workspace {

namespace {

using nlohmann::json;

/// Where files wait, and the plan that says what becomes of them; it is written last and deleted last.
fs::path waiting(const fs::path& target) { return target / ".workbook/update"; }
fs::path plan_path(const fs::path& target) { return waiting(target) / "plan.json"; }

/// "" for a file that is not there.
std::string digest(const fs::path& file) {
  const auto content = read_file(file);
  return content ? sha256(*content) : "";
}

/// Git may have changed the line ends of a file. @returns the one of `known` that the file has with or without that,
/// else its own digest.
std::string digest_among(const fs::path& file, const std::set<std::string>& known) {
  const auto content = read_file(file);
  if (!content) return "";
  const std::string own = sha256(*content), plain = sha256(with_plain_line_ends(*content));
  return known.contains(own) || !known.contains(plain) ? own : plain;
}

std::string digest_in(const Edition& edition, const std::string& path) {
  const auto found = edition.files.find(path);
  return found == edition.files.end() ? "" : found->second;
}

Edition expect_edition(const fs::path& root) {
  if (auto edition = read_edition(root)) return *std::move(edition);
  throw UsageError(fmt::format("expected a student edition, found no {} in {}", kEditionFile, root.string()));
}

Catalog catalog_of(const fs::path& root) {
  Workspace workspace;
  workspace.root = root;
  return read_catalog(workspace);
}

fs::path aside_path(const std::string& path) { return fs::path(".workbook/backups/update-" + timestamp()) / path; }

/// One file of the newer edition, or of the older one only (`now` is "").
struct Difference {
  std::string path, now, before, found;
  bool work = false;
};

void lay_ready(const fs::path& source, const fs::path& target, const std::string& path) {
  const fs::path ready = waiting(target) / "files" / path;
  fs::create_directories(ready.parent_path());
  fs::copy_file(source / path, ready, fs::copy_options::overwrite_existing);
}

/// Decides about one file; adds its step to the plan.
void plan(const Difference& file, json& steps, UpdateSummary& summary) {
  if (file.found == file.now) return;
  const bool edited = !file.found.empty() && file.found != file.before;
  if (edited && file.work) {
    if (file.before != file.now) summary.kept.push_back(file.path);
    return;
  }
  json step = {{"path", file.path}, {"found", file.found}, {"remove", file.now.empty()}, {"work", file.work}};
  if (edited) {
    if (file.now.empty()) return;  // their own by now
    step["aside"] = aside_path(file.path);
    summary.aside.push_back(file.path);
  }
  steps.push_back(step);
  if (!file.path.starts_with('.')) (file.now.empty() ? summary.removed : summary.brought).push_back(file.path);
}

bool changes_verdicts(const std::string& path, const std::string& lesson) {
  return path.starts_with("testcases/" + lesson + "/") ||
         (path.starts_with("lessons/" + lesson + "/") && (path.ends_with(".h") || path.ends_with(".cuh")));
}

/// Verdicts of tests that are no longer those say nothing: the board shows such lessons as not judged since.
void forget_verdicts(const fs::path& target, const json& steps) {
  Workspace workspace;
  workspace.root = target;
  workspace.state = target / ".workbook";
  if (!fs::exists(workspace.state / "progress.json")) return;
  update_state(workspace, "progress.json", [&](json& state) {
    for (auto& [lesson, entry] : state.items())
      for (const json& step : steps)
        if (entry.is_object() && changes_verdicts(step.at("path"), lesson)) entry["hash"] = "";
  });
}

void take_step(const fs::path& target, const json& step) {
  const std::string path = step.at("path");
  const fs::path file = target / path, ready = waiting(target) / "files" / path;
  if (step.at("remove").get<bool>()) {
    fs::remove(file);
    return;
  }
  if (!fs::exists(ready)) return;  // in its place already
  // Saved in the meantime: then it is work.
  const std::string found = step.at("found");
  if (step.at("work").get<bool>() && digest_among(file, {found}) != found) return;
  fs::create_directories(file.parent_path());
  if (step.contains("aside")) {
    const fs::path aside = target / step.at("aside").get<std::string>();
    fs::create_directories(aside.parent_path());
    if (fs::exists(file) && !fs::exists(aside)) fs::rename(file, aside);
  }
  fs::rename(ready, file);
}

}  // namespace

UpdateSummary stage_update(const fs::path& source, const fs::path& target) {
  const Edition newer = expect_edition(source), older = expect_edition(target);
  for (const auto& [path, hash] : newer.files)
    if (digest(source / path) != hash)
      throw Error(fmt::format("expected a whole edition in {}, found {} damaged or missing", source.string(), path));
  const Catalog catalog = catalog_of(source);
  fs::remove_all(waiting(target));
  std::set<std::string> paths;
  for (const auto* edition : {&newer, &older})
    for (const auto& [path, hash] : edition->files) paths.insert(path);
  UpdateSummary summary;
  json steps = json::array();
  for (const std::string& path : paths) {
    const std::size_t planned = steps.size();
    const std::string now = digest_in(newer, path), before = digest_in(older, path);
    plan({path, now, before, digest_among(target / path, {now, before}), is_work(catalog, path)}, steps, summary);
    if (steps.size() > planned && !steps.back().at("remove").get<bool>()) lay_ready(source, target, path);
  }
  if (steps.empty() && newer.id == older.id) return summary;
  lay_ready(source, target, kEditionFile);
  steps.push_back({{"path", kEditionFile}, {"found", ""}, {"remove", false}, {"work", false}});
  write_atomically(plan_path(target), json{{"steps", steps}}.dump(1) + '\n');
  return summary;
}

bool finish_update(const fs::path& target) try {
  const auto text = read_file(plan_path(target));
  if (!text) return false;
  const json steps = json::parse(*text).at("steps");
  forget_verdicts(target, steps);
  for (const json& step : steps) take_step(target, step);
  fs::remove(plan_path(target));
  fs::remove_all(waiting(target));
  return true;
} catch (const fs::filesystem_error& error) {
  throw Error(fmt::format("the update is not complete: {}. Run it again.", error.what()));
} catch (const json::exception& error) {
  throw Error(fmt::format("cannot read {}: {}", plan_path(target).string(), error.what()));
}

}  // namespace workbook::workspace
