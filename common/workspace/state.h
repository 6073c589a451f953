#pragma once
/// What the workbook remembers between commands, in .workbook/. Losing it costs nothing but memory: a file that cannot
/// be read is set aside, one that cannot be written is a warning.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/workspace/workspace.h"

namespace workbook::workspace {

/// The object kept in `.workbook/<name>`; empty at first.
nlohmann::json read_state(const Workspace& workspace, const std::string& name);

/// Changes that object under a lock that all workbook processes share. Warns on standard error if it cannot be kept.
void update_state(const Workspace& workspace, const std::string& name,
                  const std::function<void(nlohmann::json&)>& change);

/// The stub of a lesson as it was handed out: `.workbook/pristine/<id>/<file>`.
fs::path pristine_path(const Workspace& workspace, const Lesson& lesson, const std::string& file);

/// Its content. @throws Error when there is none.
std::string read_pristine(const Workspace& workspace, const Lesson& lesson, const std::string& file);

/// Keeps a copy of every stub that has none yet. Editions bring theirs along. Where lessons are written (there are
/// solutions), a stub may change: there the copy follows it as long as no exercise is begun.
void keep_pristine_stubs(const Workspace& workspace, const Catalog& catalog);

/// Does any file of the lesson differ from what was handed out?
bool is_edited(const Workspace& workspace, const Lesson& lesson);

/// A fingerprint of what the student has written: the files of the lesson. Line ends do not matter.
std::string content_hash(const Lesson& lesson);

/// What the files of a lesson are at one moment. Two are equal if nothing was saved in between, be it the same content.
struct Snapshot {
  std::string hash;                   ///< content_hash()
  std::vector<std::int64_t> changed;  ///< when each file was last written or renamed, in ns; no program can set this

  bool operator==(const Snapshot&) const = default;
};

Snapshot snapshot(const Lesson& lesson);

}  // namespace workbook::workspace
