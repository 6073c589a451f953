#pragma once
/// What a student edition knows of itself: `.edition.json`, written by `release`.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/workspace/workspace.h"

namespace workbook::workspace {

inline constexpr const char* kEditionFile = ".edition.json";

struct Edition {
  std::string id;                            ///< tells one edition from another: a digest of its files
  std::vector<std::string> lessons;          ///< ids
  std::map<std::string, std::string> files;  ///< SHA-256 of every file but this one, by path from the root
};

/// The edition in the folder `root`; nothing in an instructor's workbook.
/// @throws Error if there is one that cannot be read.
std::optional<Edition> read_edition(const fs::path& root);

/// The text of `.edition.json` for these files; gives the edition its id.
std::string edition_document(Edition& edition);

/// Is this a student edition?
bool is_edition(const Workspace& workspace);

/// Did a lesson name this file, as the one a student works in? `path` is from the root.
bool is_work(const Catalog& catalog, const std::string& path);

}  // namespace workbook::workspace
