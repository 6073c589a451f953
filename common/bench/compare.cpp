#include "common/bench/compare.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/bench/table.h"

namespace workbook::bench {

namespace {

std::string name_of(const Case& c) {
  return c.workload + (c.scale == 1 ? "" : fmt::format(" 1/{}", c.scale)) + ", " + c.layer + ", " + c.backend +
         (c.device == "cpu" ? "" : " on " + c.device) + (c.dtype == "float32" ? "" : " in " + c.dtype);
}

const Case* find(const Document& document, const std::string& name) {
  const auto found = std::ranges::find_if(document.cases, [&](const Case& c) { return name_of(c) == name; });
  return found == document.cases.end() ? nullptr : &*found;
}

/// Of the medians. That of a median is 1.25 times that of a mean, for normal noise.
double standard_error(const Case& a, const Case& b) {
  const auto squared = [](const Case& c) { return c.std_s * c.std_s / std::max(1, c.runs); };
  return 1.25 * std::sqrt(squared(a) + squared(b));
}

/// What is worth a line: empty if nothing.
std::string change(const Case& a, const Case& b) {
  if (a.verified != b.verified) return b.verified ? "is right now" : "is no longer right: " + excuse(b);
  if (!a.measured() || !b.measured()) return a.status == b.status ? "" : a.status + " -> " + b.status;
  std::string text;
  const double difference = b.median_s - a.median_s;
  const bool beyond = std::abs(difference) > kLeastChange * a.median_s &&
                      std::abs(difference) > 3 * standard_error(a, b) && !a.noisy && !b.noisy;
  if (beyond)
    text = fmt::format("{:.2f}x {}: {} -> {}", difference < 0 ? a.median_s / b.median_s : b.median_s / a.median_s,
                       difference < 0 ? "faster" : "slower", seconds_text(a.median_s), seconds_text(b.median_s));
  if (std::abs(b.workspace_bytes - a.workspace_bytes) > kLeastChange * a.workspace_bytes + (64 << 10))
    text += (text.empty() ? "" : "; ") + std::string("workspace ") + bytes_text(a.workspace_bytes) + " -> " +
            bytes_text(b.workspace_bytes);
  return text;
}

}  // namespace

std::string comparison(const Document& before, const Document& after) {
  std::string text;
  int compared = 0, changed = 0, noisy = 0;
  for (const Case& b : after.cases) {
    const std::string name = name_of(b);
    const Case* a = find(before, name);
    if (!a) {
      text += "  " + name + ": only after\n";
      continue;
    }
    ++compared;
    noisy += a->noisy || b.noisy;
    const std::string what = change(*a, b);
    changed += !what.empty();
    if (!what.empty()) text += "  " + name + ": " + what + "\n";
  }
  for (const Case& a : before.cases)
    if (!find(after, name_of(a))) text += "  " + name_of(a) + ": only before\n";
  if (before.machine.processor != after.machine.processor || before.machine.threads != after.machine.threads ||
      before.machine.products != after.machine.products)
    text += fmt::format("  The machines differ: {} -> {}\n", machine_text(before.machine), machine_text(after.machine));
  return text + fmt::format(
                    "{} cases in both, {} changed beyond the noise ({:.0f} % and three standard errors); the times "
                    "of {} were not compared, being noisy\n",
                    compared, changed, 100 * kLeastChange, noisy);
}

}  // namespace workbook::bench
