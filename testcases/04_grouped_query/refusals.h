#pragma once
/// Calls that should throw, and calls that should not have thrown.

#include "layer.h"

namespace workbook::grouped_query {

/// Adds a sentence to what is told about the exception that the implementation has just thrown.
inline void explain_exception(const std::string& sentence) {
  const auto thrown = session().take_explanation();
  session().explain_failure(Verdict::wrong, (thrown ? thrown->text + "\n" : "") + sentence);
}

/// forward's result for this layer; an exception about shapes is told in the words of the lesson.
inline Tensor run(const Layer& layer) {
  try {
    return student<forward>(layer.x, layer.weights, layer.config);
  } catch (const std::invalid_argument& e) {
    if (std::string(e.what()).find("shape") != std::string::npos)
      explain_exception(
          "Likely: a projection of the wrong width. q has heads * head_dim columns, k and v only kv_heads * head_dim, "
          "as w_q, w_k and w_v have; neither need be d_model");
    throw;
  }
}

/// Does the text hold this number, and not as a part of another one?
inline bool names(const std::string& text, int number) {
  const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  const std::string digits = std::to_string(number);
  for (auto at = text.find(digits); at != std::string::npos; at = text.find(digits, at + 1))
    if (!(at > 0 && digit(at - 1)) && !digit(at + digits.size())) return true;
  return false;
}

/// Checks that a call with heads that do not divide throws std::invalid_argument, and that its message names both.
template <class Call>
void check_refused(Call call, int heads, int kv_heads) {
  const std::string expected =
      std::to_string(heads) + " query heads cannot share " + std::to_string(kv_heads) +
      " KV heads evenly: expected std::invalid_argument with a message that names both numbers";
  try {
    call();
    FAIL_CHECK(expected << ", found a result");
  } catch (const std::invalid_argument& e) {
    const bool both = names(e.what(), heads) && names(e.what(), kv_heads);
    if (!both) explain_exception(expected);
    CHECK(both);
  } catch (const std::out_of_range&) {
    explain_exception(expected + ", before any head is read");
    throw;
  }
}

}  // namespace workbook::grouped_query
