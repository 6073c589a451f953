#include "common/checker/crash_text.h"

#include <signal.h>

#include <cstring>

namespace workbook {

std::string failed_assertion(const std::string& output) {
  const auto first = output.rfind("Assertion "), last = output.find(" failed", first);
  if (first == std::string::npos || last == std::string::npos) return "";
  const std::string claim = output.substr(first + 10, last - first - 10);
  const bool about_extent = claim.find("size()") != claim.npos || claim.find("rows()") != claim.npos;
  return ": the assertion " + claim + " failed" + (about_extent ? "; an index is out of range" : "");
}

std::string reason_of(int signal, bool forbidden) {
  if (signal == SIGFPE) return "integer division by zero";
  if (signal == SIGSEGV && forbidden)
    return "segmentation fault (forbidden memory: an input may only be read, and device memory belongs to kernels)";
  if (signal == SIGSEGV) return "segmentation fault (no such memory)";
  const char* name = strsignal(signal);
  return name ? name : "unknown signal";
}

}  // namespace workbook
