#include "common/checker/crash_text.h"

#include <signal.h>

#include <cstring>

#include "common/checker/source_location.h"

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

std::string race_text(const std::string& plugin, std::span<const std::uint64_t> accesses) {
  std::string lines;
  for (std::size_t i = 0; i < accesses.size(); ++i)
    if (const std::string line = source_location(plugin, accesses.subspan(i, 1)); !line.empty())
      lines += (lines.empty() ? ", at " : " and at ") + line;
  return "a data race: two threads use the same memory at the same time" + lines +
         ". At least one of them writes, and neither waits for the other. Let each thread write what is its own, or "
         "read it after the other has ended";
}

}  // namespace workbook
