#pragma once
/// Calls that should throw.

#include "attends.h"
#include "forwards.h"

namespace workbook::multi_head {

/// Does the text hold this number, and not as a part of another one?
inline bool names(const std::string& text, std::int64_t number) {
  const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  const std::string digits = std::to_string(number);
  for (auto at = text.find(digits); at != std::string::npos; at = text.find(digits, at + 1))
    if (!(at > 0 && digit(at - 1)) && !digit(at + digits.size())) return true;
  return false;
}

/// Checks that a call throws std::invalid_argument, and that its message names both numbers.
template <class Call>
void check_refused(Call call, std::int64_t width, int heads) {
  const std::string expected = std::to_string(width) + " channels cannot be cut into " + std::to_string(heads) +
                               " heads of equal size: expected std::invalid_argument with a message that names both "
                               "numbers";
  bool refused = false;
  try {
    call();
    session().explain_failure(Verdict::wrong, session().last_call().text() + "\n" + expected + "; got a result\n");
  } catch (const std::invalid_argument& e) {
    refused = names(e.what(), width) && names(e.what(), heads);
    if (!refused) explain_exception(expected);
  } catch (const std::out_of_range&) {
    explain_exception(expected + ", before any head is read");
  }
  CHECK(refused);
}

}  // namespace workbook::multi_head
