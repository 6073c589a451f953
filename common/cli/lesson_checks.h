#pragma once
/// What can be said of a lesson by reading its files. Each function returns problems, ready to print; none is good.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/cli/system.h"
#include "common/workspace/workspace.h"

namespace workbook::cli {

using Problems = std::vector<std::string>;

/// The functions in `Contract<a, b, &C::d, construct<C, int>> contract;`, unqualified: a, b, d. Constructors are left
/// out.
std::vector<std::string> contract_functions(std::string_view header);

/// Does the header document its purpose and every function of its contract with `///`?
Problems check_contract(std::string_view header);

/// What the comments of the contract's functions promise beside values, and no test has judged: "flash_attention:
/// time". Time is judged by what a call reads, or does on the device; memory by its workspace, or on the device;
/// @throws by a call that has thrown.
/// @param judged what tests have judged, "flash_attention reads": workspace, reads, device, throws
Problems promises_not_judged(std::string_view header, const std::set<std::string>& judged);

/// Do the stub's `TODO(n)`, the hints and the exercises of lesson.json agree?
Problems check_todos(const Lesson& lesson);

/// Are the README's parts there, and does it show the figure?
Problems check_readme(const Lesson& lesson);

/// Do the rows `| TODO(1) | `function` | what it does | 7 |` of a README tell the points that its public tests give?
Problems check_points(std::string_view readme, const std::map<std::string, int>& public_points);

/// Do the predictions of lesson.json fit the README: is each asked for under "Predict.", is its answer told after that,
/// and is it a public test that shows it?
Problems check_predictions(const std::vector<Prediction>& predictions, std::string_view readme,
                           const std::set<std::string>& public_tests);

/// Is a compare.md 3 to 5 bullets ("- ", continued after two blanks)? Does `code`, all that a student and the solution
/// write, hold the words that stand in backquotes? A command, `./workbook test`, is no code.
Problems check_compare(std::string_view text, std::string_view code);

/// The same of the compare.md in the folder of the lesson's solution, which has to be there.
Problems check_compare(const Lesson& lesson, const fs::path& solution);

}  // namespace workbook::cli
