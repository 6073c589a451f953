#pragma once
/// How a command ends early. main() prints the message and exits with the code; nothing else catches them.

#include <stdexcept>
#include <string>

namespace workbook::system {

/// Something the user can mend: one or two lines, "expected ..., found ...".
struct Error : std::runtime_error {
  static constexpr int kFault = 70;  ///< kExitFault of common/report/verdict.h, which stands on a higher floor
  explicit Error(const std::string& what, int code = kFault) : std::runtime_error(what), exit_code(code) {}
  int exit_code;
};

/// Bad arguments, unknown lesson.
struct UsageError : Error {
  static constexpr int kUsage = 2;  ///< kExitUsage
  explicit UsageError(const std::string& what) : Error(what, kUsage) {}
};

/// Ctrl-C.
struct Interrupted {};

}  // namespace workbook::system
