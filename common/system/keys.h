#pragma once
/// The keys of a terminal.

#include <string>
#include <vector>

namespace workbook::system {

/// A key: a character that was typed, or one of the others.
struct Key {
  enum class Name { character, up, down, page_up, page_down, home, end, escape, unknown, closed };
  Name name = Name::unknown;
  char character = 0;  ///< of Name::character; beyond ASCII a key is unknown

  bool operator==(const Key&) const = default;
};

/// What the bytes from a terminal mean, up to one key that is not complete, which stays in `bytes`.
std::vector<Key> decode_keys(std::string& bytes);

}  // namespace workbook::system
