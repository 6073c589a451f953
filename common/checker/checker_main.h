#pragma once
/// The checker's program, but for the lesson: main() of each checker hands over to this.

#include <string>

namespace workbook {

/// `contract` is the mangled name of the lesson's Contract<...>. Returns the exit code.
int checker_main(int argc, char** argv, const std::string& lesson, const std::string& contract);

}  // namespace workbook
