#include "common/contract/not_implemented.h"

namespace workbook {

NotImplemented::NotImplemented(const char* function, const char* file, int line)
    : std::logic_error(std::string(function) + " is not implemented yet"),
      function_(function),
      file_(file),
      line_(line) {}

// Out of line, so that its type information exists once and an exception from a plugin is recognised.
NotImplemented::~NotImplemented() = default;

}  // namespace workbook
