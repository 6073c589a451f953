#pragma once
/// Points in time as people write them: a date and a time in the time zone of a course.

#include <chrono>
#include <string>
#include <string_view>

namespace workbook::system {

using Time = std::chrono::sys_seconds;

class Zone {
 public:
  /// "Europe/Berlin", "UTC" or a POSIX rule such as "CET-1CEST,M3.5.0,M10.5.0/3".
  /// @throws Error for a zone that this system does not know.
  explicit Zone(std::string name);

  const std::string& name() const { return name_; }

  /// "2026-11-20 23:59", seconds and a T in the middle allowed; with "Z" or "+01:00" after it, that instead of this
  /// zone. Of an hour that a clock set back has twice, the second.
  /// @throws Error for anything else, and for a time that a clock set forward jumps over.
  Time parse(std::string_view text) const;

  /// "2026-11-20 23:59", with seconds only where there are any, and the zone's abbreviation.
  std::string show(Time time) const;

  /// The same time of day so many days later, by the calendar: 23 or 25 hours where the clock is set.
  Time days_later(Time time, int days) const;

 private:
  std::string name_;
};

}  // namespace workbook::system
