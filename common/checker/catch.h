#pragma once
/// Catch2, whichever is installed: 2.13 (Debian 12, Ubuntu 22.04) or 3.x. Test files include it only through here.

#include <string>

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#define WORKBOOK_CATCH 3
#else
#include <catch2/catch.hpp>
#define WORKBOOK_CATCH 2
#endif

namespace workbook {

/// Matches a text that holds `part`; the two versions name it differently.
inline auto contains_text(const std::string& part) {
#if WORKBOOK_CATCH == 3
  return Catch::Matchers::ContainsSubstring(part);
#else
  return Catch::Contains(part);
#endif
}

}  // namespace workbook
