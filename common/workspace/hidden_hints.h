#pragma once
/// What an instructor tells about hidden tests. It stands in front of each, and is all that students read of it:
///
///     // Hint: what is left of a row when every key in it is masked?
///     TEST_CASE("rows that see nothing are zeros", "[hidden][softmax][1pt]") {

#include <map>
#include <string>
#include <string_view>

namespace workbook::workspace {

/// The hints in the text of a test file, by the name of the test below each. O(source).
std::map<std::string, std::string> hidden_hints(std::string_view source);

}  // namespace workbook::workspace
