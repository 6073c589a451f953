#pragma once
/// One form for names that Unicode calls equal.

#include <locale.h>

#include <string>

namespace workbook::grading {

/// While this lives, the thread's locale is UTF-8, whatever the environment says. libarchive gives a name that is
/// marked as UTF-8 in the encoding of the locale, or not at all; names that are marked as nothing keep their bytes.
class InUtf8 {
 public:
  InUtf8();
  ~InUtf8();
  InUtf8(const InUtf8&) = delete;
  InUtf8& operator=(const InUtf8&) = delete;

 private:
  locale_t before_;
};

/// `name` with each letter and its marks in one code point, where there is one (NFC): macOS writes them in several.
/// What is no UTF-8 stays as it is.
std::string composed(const std::string& name);

}  // namespace workbook::grading
