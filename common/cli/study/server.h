#pragma once
/// The server of `study`: HTTP on the loopback address, for whoever knows the token.

#include <memory>
#include <string>

#include "common/cli/study/site.h"

namespace workbook::cli::study {

/// Answers requests in threads of its own, from start() until it is destroyed.
class Server {
 public:
  /// @param port  0: any that is free
  /// @throws UsageError if the port is taken
  Server(Site& site, Desk& desk, int port);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Signals for the program go to the thread that calls this.
  void start();

  /// Where a page is, with the token: "http://127.0.0.1:40123/index.html?token=...".
  std::string address(const std::string& page) const;
  /// The same with a token that is good for one visit: other users see the arguments of a browser that is started.
  std::string single_use_address(const std::string& page) const;

 private:
  class Http;
  std::unique_ptr<Http> http_;
};

}  // namespace workbook::cli::study
