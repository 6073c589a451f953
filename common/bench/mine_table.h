#pragma once
/// Somebody's own rows beside the solutions' and the peers', as `bench mine` shows them.

#include "common/bench/document.h"
#include "common/bench/table.h"

namespace workbook::bench {

/// What the columns of own_rows() mean, for those whose names do not say it.
std::vector<std::pair<std::string, std::string>> own_legend();

/// One workload's cases [first, last): names of the columns, then a row for each case that is somebody's own or a
/// peer's. A case without numbers has the layer, the backend, and the reason.
Rows own_rows(const std::vector<Case>& cases, std::size_t first, std::size_t last);

/// What stands out, "Lessons passed": "13 of 20, ...". The numbers of the devices' documents together.
std::vector<std::pair<std::string, std::string>> own_summary(const std::vector<Document>& documents);

/// What is to be said below the tables: which functions of the method failed.
std::string mine_as_text(const std::vector<Document>& documents);
std::string mine_as_markdown(const std::vector<Document>& documents);

}  // namespace workbook::bench
