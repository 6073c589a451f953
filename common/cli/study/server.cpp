// The only file that knows cpp-httplib.
#include "common/cli/study/server.h"

#include <pthread.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include <fmt/core.h>
#include <httplib.h>

#include "common/cli/study/gate.h"
#include "common/system/errors.h"

namespace workbook::cli::study {

namespace {

using std::chrono::milliseconds;

constexpr auto kLoopback = "127.0.0.1";
constexpr std::size_t kThreads = 32;  // each page that is open holds one, and a browser loads six files at a time
constexpr std::size_t kLongestBody = 4096;
constexpr milliseconds kHeartbeat{2000};
/// The pages hold scripts and styles of their own, and MathJax evaluates its configuration; nothing comes from
/// elsewhere.
constexpr auto kPolicy =
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-src 'self'; object-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

std::string single(const httplib::Request& request, const char* header) {
  return request.get_header_value_count(header) == 1 ? request.get_header_value(header) : std::string();
}

Caller caller_of(const httplib::Request& request) {
  return {
      .method = request.method,
      .host = single(request, "Host"),
      // Two origins are no origin of ours.
      .origin = request.has_header("Origin") && single(request, "Origin").empty() ? "null" : single(request, "Origin"),
      .cookie = single(request, "Cookie"),
      .token = request.get_param_value("token")};
}

void send(httplib::Response& response, const Reply& reply) {
  response.status = reply.status;
  response.set_content(reply.body, reply.type);
}

/// Refuses SO_REUSEPORT, which the library sets: with it a second server would share the port with the first.
void set_options(socket_t socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

}  // namespace

class Server::Http {
 public:
  Http(Site& site, Desk& desk, int port)
      : site_(site), desk_(desk), token_(random_token()), ticket_(random_token()), gate_(token_, ticket_, bind(port)) {
    http_.set_default_headers({{"X-Content-Type-Options", "nosniff"},
                               {"Content-Security-Policy", kPolicy},
                               {"Referrer-Policy", "no-referrer"},
                               {"Cross-Origin-Resource-Policy", "same-origin"}});
    http_.set_payload_max_length(kLongestBody);
    http_.set_keep_alive_timeout(1);
    http_.set_keep_alive_max_count(1000);                                     // MathJax alone is dozens of files
    http_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };  // the library deletes it
    http_.set_exception_handler([](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
      send(response, refusal(500, "The workbook could not answer."));
    });
    http_.set_pre_routing_handler([this](const auto& request, auto& response) { return check(request, response); });
    http_.set_post_routing_handler([](const httplib::Request& request, httplib::Response& response) {
      const bool lasts = request.path.starts_with("/mathjax/") && response.status == 200;
      response.set_header("Cache-Control", lasts ? "private, max-age=86400" : "no-store");
    });
    http_.Get("/study/events", [this](const auto& request, auto& response) { follow(request, response); });
    http_.Get("/.*", [this](const httplib::Request& request, httplib::Response& response) {
      send(response, site_.get(request.path, request.get_param_value("lesson")));
    });
    http_.Post("/study/.*", [this](const httplib::Request& request, httplib::Response& response) {
      send(response, site_.post(request.path, request.body));
    });
  }

  ~Http() {
    desk_.close();
    http_.stop();
    if (thread_.joinable()) thread_.join();
  }

  void start() {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] {
      http_.listen_after_bind();
      has_ended_ = true;
    });
    while (!http_.is_running() && !has_ended_) std::this_thread::yield();  // stop() ends only what runs
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  std::string address(const std::string& page, bool once) const {
    return fmt::format("http://{}:{}{}?token={}", kLoopback, port_, page, once ? ticket_ : token_);
  }

 private:
  using Handled = httplib::Server::HandlerResponse;

  int bind(int port) {
    http_.set_socket_options(set_options);
    port_ = port == 0 ? http_.bind_to_any_port(kLoopback) : port;
    if (port != 0 && !http_.bind_to_port(kLoopback, port))
      throw UsageError(
          fmt::format("expected a free port, found that {} is taken; without --port, one is chosen", port));
    if (port_ <= 0) throw Error("the system gave no port to listen on");
    return port_;
  }

  Handled check(const httplib::Request& request, httplib::Response& response) {
    switch (gate_.answer(caller_of(request))) {
      case Gate::Answer::open:
        return Handled::Unhandled;
      case Gate::Answer::welcome:
        response.set_header("Set-Cookie", gate_.cookie());
        response.set_redirect(redirect_path(request.path), 303);
        break;
      case Gate::Answer::foreign_host:
        send(response, refusal(403, "This server answers only to the address that it printed."));
        break;
      case Gate::Answer::foreign_origin:
        send(response, refusal(403, "This server answers no page of another site."));
        break;
      case Gate::Answer::no_token:
        send(response, refusal(403, "Open the whole address that `./workbook study` printed, with its token."));
        break;
    }
    return Handled::Handled;
  }

  /// A stream of snapshots, which begins with the latest one. A page of a lesson has that lesson followed.
  void follow(const httplib::Request& request, httplib::Response& response) {
    const std::string id = request.get_param_value("lesson");
    if (!id.empty() && site_.lesson(id) == nullptr) return send(response, refusal(404, "There is no such lesson."));
    if (!id.empty()) desk_.wish({Wish::Kind::open, id});
    response.set_chunked_content_provider(
        "text/event-stream", [this, told = 0](std::size_t, httplib::DataSink& sink) mutable {
          const auto snapshot = desk_.later_than(told, kHeartbeat);
          if (desk_.closed()) return false;
          const std::string event = snapshot ? fmt::format("data: {}\n\n", snapshot->json) : ":\n\n";
          if (snapshot) told = snapshot->number;
          return sink.write(event.data(), event.size());
        });
  }

  Site& site_;
  Desk& desk_;
  httplib::Server http_;
  std::thread thread_;
  std::atomic<bool> has_ended_ = false;
  int port_ = 0;
  std::string token_, ticket_;
  Gate gate_;
};

Server::Server(Site& site, Desk& desk, int port) : http_(std::make_unique<Http>(site, desk, port)) {}

Server::~Server() = default;

void Server::start() { http_->start(); }

std::string Server::address(const std::string& page) const { return http_->address(page, false); }

std::string Server::single_use_address(const std::string& page) const { return http_->address(page, true); }

}  // namespace workbook::cli::study
