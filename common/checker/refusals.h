#pragma once
/// Calls that must throw, exceptions that need a word more, and conditions that need words of their own.
///
///     CHECK_THAT([&] { student<split_heads>(x, 5); },
///                is_refused("12 channels cannot be cut into 5 heads of equal size", 12, 5));

#include <functional>
#include <string>
#include <vector>

#include "common/checker/session.h"
#include "common/tensor/tensor.h"

namespace workbook {

/// Adds a sentence to what is told about the exception that the implementation has just thrown.
void explain_exception(const std::string& sentence);

/// Returns call(). If it throws std::invalid_argument and speaks of shapes, `likely` is told along with its message.
template <class Call>
auto explaining_shapes(Call call, const std::string& likely) {
  try {
    return call();
  } catch (const std::invalid_argument& e) {
    if (std::string(e.what()).find("shape") != std::string::npos) explain_exception("Likely: " + likely);
    throw;
  }
}

/// Matches a call that throws std::invalid_argument with a message that holds some texts.
class Refused {
 public:
  Refused(std::string expected, std::vector<std::string> named)
      : expected_(std::move(expected)), named_(std::move(named)) {}
  bool match(const std::function<void()>& call) const;
  std::string toString() const { return "is refused"; }  // Catch2 wants this name

 private:
  std::string expected_;
  std::vector<std::string> named_;
};

/// Matches a call that throws std::invalid_argument and names both numbers. `why` says what is wrong with them.
Refused is_refused(const std::string& why, std::int64_t a, std::int64_t b);
/// Matches a call that throws std::invalid_argument and names both shapes.
Refused is_refused(const std::string& why, const Shape& a, const Shape& b);

/// Matches true; otherwise `text` is told below the call.
///
///     CHECK_THAT(got == expected, otherwise("expected " + text(expected) + ", got " + text(got)));
class Otherwise {
 public:
  explicit Otherwise(std::string text) : text_(std::move(text)) {}
  bool match(bool holds) const;
  std::string toString() const { return "holds"; }

 private:
  std::string text_;
};
inline Otherwise otherwise(std::string text) { return Otherwise(std::move(text)); }

}  // namespace workbook
