#pragma once
/// What the files of one translation know of each other.

#include <map>
#include <string>
#include <vector>

namespace workbook::cuda {

/// `extern __shared__` at namespace scope: what each function that names it declares instead.
struct DynamicShared {
  std::string name, declaration;
};

struct Known {
  std::map<std::string, std::size_t> kernel_templates;  ///< how many parameters each has
  std::map<std::string, bool> shared_macros;            ///< those that stand for specifiers: with `extern` among them?
  std::vector<DynamicShared> dynamic;
};

}  // namespace workbook::cuda
