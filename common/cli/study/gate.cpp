#include "common/cli/study/gate.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "common/system/errors.h"

namespace workbook::cli::study {

namespace fs = std::filesystem;

namespace {

/// The value of a cookie in "a=1; b=2"; empty if it is not there.
std::string_view cookie_value(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    const std::string_view one = cookies.substr(0, cookies.find(';'));
    cookies.remove_prefix(std::min(one.size() + 1, cookies.size()));
    const std::string_view cookie = one.substr(std::min(one.find_first_not_of(' '), one.size()));
    if (cookie.size() > name.size() && cookie.starts_with(name) && cookie[name.size()] == '=')
      return cookie.substr(name.size() + 1);
  }
  return {};
}

}  // namespace

Gate::Gate(std::string token, std::string ticket, int port)
    : token_(std::move(token)), ticket_(std::move(ticket)), port_(port) {}

/// Browsers send a cookie to every port of a host, so two servers need two names.
std::string Gate::cookie_name() const { return fmt::format("study_{}", port_); }

std::string Gate::cookie() const {
  return fmt::format("{}={}; HttpOnly; SameSite=Strict; Path=/", cookie_name(), token_);
}

bool Gate::is_welcome(std::string_view token) {
  if (equal_in_constant_time(token, token_)) return true;
  return equal_in_constant_time(token, ticket_) && !ticket_is_used_.exchange(true);
}

Gate::Answer Gate::answer(const Caller& caller) {
  const std::string here = fmt::format("127.0.0.1:{}", port_), named = fmt::format("localhost:{}", port_);
  if (caller.host != here && caller.host != named) return Answer::foreign_host;
  const bool reads = caller.method == "GET" || caller.method == "HEAD";
  if (!(reads && caller.origin.empty()) && caller.origin != "http://" + caller.host) return Answer::foreign_origin;
  if (reads && !caller.token.empty()) return is_welcome(caller.token) ? Answer::welcome : Answer::no_token;
  return equal_in_constant_time(cookie_value(caller.cookie, cookie_name()), token_) ? Answer::open : Answer::no_token;
}

std::string random_token() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw system::Error("the system gave no random numbers for the address");
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  unsigned different = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    different |= static_cast<unsigned char>(a[i] ^ other);
  }
  return different == 0;
}

namespace {

bool is_plain(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'), digit = c >= '0' && c <= '9';
  return letter || digit || c == '_' || c == '-' || c == '.' || c == '+' || c == '~';
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || name.front() == '.') return false;
  for (const char c : name)
    if (!is_plain(c)) return false;
  return true;
}

/// "/a/b.html" as "a/b.html"; nothing if it is made of anything but plain names.
std::optional<fs::path> plain_path(std::string_view path) {
  fs::path plain;
  do {
    if (!path.starts_with('/')) return std::nullopt;
    path.remove_prefix(1);
    const std::string_view name = path.substr(0, path.find('/'));
    if (!is_plain_name(name)) return std::nullopt;
    plain /= name;
    path.remove_prefix(name.size());
  } while (!path.empty());
  return plain;
}

}  // namespace

std::string redirect_path(std::string_view path) {
  const auto plain = plain_path(path);
  return "/" + (plain ? plain->string() : "");
}

std::optional<fs::path> file_in(const fs::path& folder, std::string_view path) {
  const auto plain = plain_path(path);
  if (!plain) return std::nullopt;
  std::error_code error;
  const fs::path inside = fs::canonical(folder, error), found = fs::canonical(folder / *plain, error);
  if (error || !fs::is_regular_file(found, error)) return std::nullopt;
  const auto [end, rest] = std::mismatch(inside.begin(), inside.end(), found.begin(), found.end());
  return end == inside.end() ? std::optional(found) : std::nullopt;
}

std::string_view content_type(const fs::path& file) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".json", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".gif", "image/gif"},
      {".ico", "image/x-icon"},
      {".woff", "font/woff"},
      {".woff2", "font/woff2"},
  }};
  const std::string ending = file.extension();
  for (const auto& [one, type] : kTypes)
    if (one == ending) return type;
  return "application/octet-stream";
}

}  // namespace workbook::cli::study
