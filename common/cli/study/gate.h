#pragma once
/// Who may ask the server of `study`, and for which files. Knows no server.

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace workbook::cli::study {

/// What a request says of where it comes from. A header that is missing, or there twice, is empty.
struct Caller {
  std::string method;  ///< "GET"
  std::string host;    ///< of the Host header
  std::string origin;  ///< of the Origin header
  std::string cookie;  ///< of the Cookie header
  std::string token;   ///< of the address, "?token="
};

/// Lets in whoever knows the token, and nobody whom a page of another site sends.
class Gate {
 public:
  enum class Answer {
    open,            ///< go on
    welcome,         ///< the token stood in the address: hand out the cookie
    foreign_host,    ///< the name in the address is not ours, as after DNS rebinding
    foreign_origin,  ///< a page of another site asks
    no_token,
  };

  /// @param ticket  a token that is good for one welcome: for an address that other users of the machine may see
  Gate(std::string token, std::string ticket, int port);

  /// May be called from any thread.
  Answer answer(const Caller& caller);

  /// "Set-Cookie" for a browser that has shown the token.
  std::string cookie() const;

 private:
  std::string cookie_name() const;
  bool is_welcome(std::string_view token);

  std::string token_, ticket_;
  int port_;
  std::atomic<bool> ticket_is_used_ = false;
};

/// 128 random bits of the system, in hexadecimal.
std::string random_token();

/// Compares without telling by its time where the texts differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// The regular file that a path of an address means in `folder`. Nothing if there is none, and for everything that
/// would lead elsewhere: "..", hidden files, links that point out of the folder, bytes that no page's name has.
/// @param path  decoded, from the first slash on
std::optional<std::filesystem::path> file_in(const std::filesystem::path& folder, std::string_view path);

/// `path` if it is made of plain names, else "/": fit for a header that sends a browser on.
std::string redirect_path(std::string_view path);

/// The type of a file by its name; "application/octet-stream" if the documentation has no such files.
std::string_view content_type(const std::filesystem::path& file);

}  // namespace workbook::cli::study
