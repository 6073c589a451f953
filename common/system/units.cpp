#include "common/system/units.h"

#include <cmath>

#include <fmt/core.h>
#include <fmt/format.h>

namespace workbook::system {

std::string size_text(double bytes) {
  if (bytes < 1024) return fmt::format("{:.0f} bytes", bytes);
  const int power = bytes < 1 << 20 ? 10 : bytes < 1 << 30 ? 20 : 30;
  const double value = std::ldexp(bytes, -power);
  const int decimals = value == std::floor(value) ? 0 : power == 30 ? 2 : 1;
  return fmt::format("{:.{}f} {}", value, decimals, power == 10 ? "KiB" : power == 20 ? "MiB" : "GiB");
}

std::string duration_text(double seconds) {
  const auto with = [](double value, const char* unit) {
    return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, unit);
  };
  return seconds < 1e-3 ? with(1e6 * seconds, "us") : seconds < 1 ? with(1e3 * seconds, "ms") : with(seconds, "s");
}

}  // namespace workbook::system
