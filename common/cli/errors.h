#pragma once
/// How a command ends early. main() prints the message and exits with the code; nothing else catches them.

#include <stdexcept>
#include <string>

#include "common/checker/verdict.h"

namespace workbook::cli {

/// Something the user can mend: one or two lines, "expected ..., found ...".
struct Error : std::runtime_error {
  explicit Error(const std::string& what, int code = kExitFault) : std::runtime_error(what), exit_code(code) {}
  int exit_code;
};

/// Bad arguments, unknown lesson.
struct UsageError : Error {
  explicit UsageError(const std::string& what) : Error(what, kExitUsage) {}
};

/// Ctrl-C.
struct Interrupted {};

}  // namespace workbook::cli
