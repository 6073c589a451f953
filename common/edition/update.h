#pragma once
/// Makes an edition the newer one: first everything is laid ready, then renamed into place. Whatever happens in
/// between, finish_update() completes it.

#include <string>
#include <vector>

#include "common/edition/edition.h"

namespace workbook::workspace {

struct UpdateSummary {
  std::vector<std::string> brought, removed;
  std::vector<std::string> kept;   ///< work that stays although the stub changed
  std::vector<std::string> aside;  ///< files that are nobody's work and were edited: kept among the backups
  bool nothing() const { return brought.empty() && removed.empty() && kept.empty(); }
};

/// Lays ready what makes the edition in `target` like the one in `source`. The student's work is not part of it.
/// @throws Error if either is no edition or `source` is not whole.
UpdateSummary stage_update(const fs::path& source, const fs::path& target);

/// Puts into place what was laid ready, from now or from before. False if there was nothing.
bool finish_update(const fs::path& target);

}  // namespace workbook::workspace
