#include "common/edition/edition.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/system/sha256.h"

namespace workbook::workspace {

using nlohmann::json;

std::optional<Edition> read_edition(const fs::path& root) try {
  const auto text = read_file(root / kEditionFile);
  if (!text) return std::nullopt;
  const json document = json::parse(*text);
  if (document.at("format") != 1)
    throw Error(
        fmt::format("{}: expected format 1, found {}", (root / kEditionFile).string(), document.at("format").dump()));
  return Edition{document.at("id"), document.at("lessons"), document.at("files")};
} catch (const json::exception& error) {
  throw Error(
      fmt::format("{}: expected what `release` writes, found: {}", (root / kEditionFile).string(), error.what()));
}

std::string edition_document(Edition& edition) {
  json document = {{"format", 1}, {"lessons", edition.lessons}, {"files", edition.files}};
  edition.id = sha256(document.dump()).substr(0, 12);
  document["id"] = edition.id;
  return document.dump(1) + '\n';
}

bool is_edition(const Workspace& workspace) { return fs::exists(workspace.root / kEditionFile); }

bool is_work(const Catalog& catalog, const std::string& path) {
  return std::any_of(catalog.lessons.begin(), catalog.lessons.end(), [&](const Lesson& lesson) {
    return std::any_of(lesson.files.begin(), lesson.files.end(),
                       [&](const std::string& file) { return path == fmt::format("lessons/{}/{}", lesson.id, file); });
  });
}

}  // namespace workbook::workspace
