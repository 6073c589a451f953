#include "common/checker/refusals.h"

#include <fmt/format.h>

#include <algorithm>

namespace workbook {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Does `text` hold `part`, and a number not as a part of a longer one?
bool holds(const std::string& text, const std::string& part) {
  const auto digit = [&](std::size_t i) { return i < text.size() && is_digit(text[i]); };
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    const auto end = at + part.size();
    const bool goes_on = (is_digit(part.front()) && at > 0 && digit(at - 1)) || (is_digit(part.back()) && digit(end));
    if (!goes_on) return true;
  }
  return false;
}

}  // namespace

void explain_exception(const std::string& sentence) {
  const auto thrown = session().take_explanation();
  session().explain_failure(Verdict::wrong, (thrown ? thrown->text() + "\n" : "") + sentence);
}

bool Refused::match(const std::function<void()>& call) const {
  try {
    call();
    return session().explain_wrong(expected_ + "; got a result\n");
  } catch (const std::invalid_argument& e) {
    const std::string message = e.what();
    if (std::ranges::all_of(named_, [&](const std::string& part) { return holds(message, part); })) return true;
    explain_exception(expected_);
  } catch (const std::out_of_range&) {
    explain_exception(expected_ + ", before any element is read");
  }
  return false;
}

Refused is_refused(const std::string& why, std::int64_t a, std::int64_t b) {
  return {why + ": expected std::invalid_argument with a message that names both numbers",
          {std::to_string(a), std::to_string(b)}};
}

Refused is_refused(const std::string& why, const Shape& a, const Shape& b) {
  return {fmt::format("{}: expected std::invalid_argument with a message that names both shapes, {} and {}", why,
                      to_string(a), to_string(b)),
          {to_string(a), to_string(b)}};
}

bool Otherwise::match(bool holds) const { return holds || session().explain_wrong(text_ + "\n"); }

}  // namespace workbook
