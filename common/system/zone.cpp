#include "common/system/zone.h"

#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <optional>

#include <fmt/core.h>

#include "common/system/errors.h"

namespace workbook::system {

namespace {

/// The C library's time zone while it lives. Only one thread of the grader asks for times.
class InZone {
 public:
  explicit InZone(const std::string& name) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", name.c_str(), 1);
    ::tzset();
  }
  ~InZone() {
    if (before_)
      ::setenv("TZ", before_->c_str(), 1);
    else
      ::unsetenv("TZ");
    ::tzset();
  }
  InZone(const InZone&) = delete;
  InZone& operator=(const InZone&) = delete;

 private:
  std::optional<std::string> before_;
};

Time at(std::time_t seconds) { return Time(std::chrono::seconds(seconds)); }

bool same_fields(const std::tm& a, const std::tm& b) {
  return a.tm_year == b.tm_year && a.tm_mon == b.tm_mon && a.tm_mday == b.tm_mday && a.tm_hour == b.tm_hour &&
         a.tm_min == b.tm_min && a.tm_sec == b.tm_sec;
}

/// The last moment at which clocks here show these fields.
std::optional<Time> last_moment(const std::tm& fields) {
  std::optional<Time> last;
  for (const int summer : {0, 1}) {
    std::tm guess = fields;
    guess.tm_isdst = summer;
    const std::time_t seconds = ::mktime(&guess);
    std::tm back{};
    ::localtime_r(&seconds, &back);
    if (same_fields(fields, back) && (!last || at(seconds) > *last)) last = at(seconds);
  }
  return last;
}

/// Two digits at `at`.
std::optional<int> two_digits(std::string_view text, std::size_t at) {
  if (text.size() < at + 2) return std::nullopt;
  const auto digit = [&](std::size_t i) { return std::isdigit(static_cast<unsigned char>(text[i])) != 0; };
  if (!digit(at) || !digit(at + 1)) return std::nullopt;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

/// Seconds east of Greenwich that "Z" or "+01:00" mean.
std::optional<int> parse_offset(std::string_view text) {
  if (text == "Z") return 0;
  const auto hours = two_digits(text, 1), minutes = two_digits(text, 4);
  const bool formed = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
  if (!formed || !hours || !minutes || *hours > 14 || *minutes > 59) return std::nullopt;
  return (text[0] == '-' ? -60 : 60) * (*hours * 60 + *minutes);
}

/// The fields at the front of `text`, which is then what follows them.
std::optional<std::tm> take_fields(std::string_view& text) {
  const auto century = two_digits(text, 0), year = two_digits(text, 2), month = two_digits(text, 5);
  const auto day = two_digits(text, 8), hour = two_digits(text, 11), minute = two_digits(text, 14);
  if (!century || !year || !month || !day || !hour || !minute) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || (text[10] != ' ' && text[10] != 'T') || text[13] != ':') return std::nullopt;
  std::size_t length = 16;
  int second = 0;
  if (text.size() > length && text[length] == ':') {
    const auto seconds = two_digits(text, length + 1);
    if (!seconds) return std::nullopt;
    second = *seconds;
    length += 3;
  }
  const std::chrono::year_month_day date{std::chrono::year(*century * 100 + *year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || second > 59) return std::nullopt;
  text.remove_prefix(length);
  std::tm fields{};
  fields.tm_year = *century * 100 + *year - 1900;
  fields.tm_mon = *month - 1;
  fields.tm_mday = *day;
  fields.tm_hour = *hour;
  fields.tm_min = *minute;
  fields.tm_sec = second;
  return fields;
}

/// "CET-1CEST,M3.5.0,M10.5.0/3": letters, then the hours west of Greenwich.
bool looks_like_rule(std::string_view name) {
  std::size_t letters = 0;
  while (letters < name.size() && std::isalpha(static_cast<unsigned char>(name[letters])) != 0) ++letters;
  name.remove_prefix(letters);
  if (name.starts_with('-') || name.starts_with('+')) name.remove_prefix(1);
  return letters >= 3 && !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) != 0;
}

}  // namespace

Zone::Zone(std::string name) : name_(std::move(name)) {
  // The C library takes what it does not know for UTC.
  const bool safe = !name_.empty() && name_.front() != '/' && name_.find("..") == name_.npos;
  const bool known = name_ == "UTC" || (safe && std::filesystem::is_regular_file("/usr/share/zoneinfo/" + name_));
  if (known || looks_like_rule(name_)) return;
  const bool has_list = std::filesystem::exists("/usr/share/zoneinfo");
  throw Error(fmt::format("expected a time zone such as Europe/Berlin, found \"{}\"{}", name_,
                          has_list ? "" : "; this system has no list of zones (package tzdata)"));
}

Time Zone::parse(std::string_view text) const {
  std::string_view rest = text;
  const auto fields = take_fields(rest);
  const auto offset = rest.empty() ? std::optional<int>(0) : parse_offset(rest);
  if (!fields || !offset) throw Error(fmt::format("expected a time such as 2026-11-20 23:59, found \"{}\"", text));
  if (!rest.empty()) {
    std::tm utc = *fields;
    return at(::timegm(&utc)) - std::chrono::seconds(*offset);
  }
  const InZone here(name_);
  const auto moment = last_moment(*fields);
  if (!moment)
    throw Error(
        fmt::format("expected a time that exists in {}, found \"{}\": clocks are set forward over it", name_, text));
  return *moment;
}

std::string Zone::show(Time time) const {
  const InZone here(name_);
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm fields{};
  ::localtime_r(&seconds, &fields);
  std::array<char, 64> shown{};
  std::strftime(shown.data(), shown.size(), fields.tm_sec == 0 ? "%Y-%m-%d %H:%M %Z" : "%Y-%m-%d %H:%M:%S %Z", &fields);
  return shown.data();
}

Time Zone::days_later(Time time, int days) const {
  const InZone here(name_);
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm fields{};
  ::localtime_r(&seconds, &fields);
  fields.tm_mday += days;
  fields.tm_isdst = -1;
  return at(::mktime(&fields));
}

}  // namespace workbook::system
