#include "common/bench/peer.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

#include "common/bench/burst.h"
#include "common/bench/inputs.h"
#include "common/contract/describe.h"
#include "common/system/errors.h"
#include "common/system/file_descriptor.h"
#include "common/system/json.h"
#include "common/system/launch.h"

extern char** environ;

namespace workbook::bench {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr double kPatience = 120;  // seconds at the least: PyTorch takes long to load from a cold disk

using Clock = std::chrono::steady_clock;

/// A program that reads lines and answers each by a line.
class Conversation {
 public:
  Conversation(const std::vector<std::string>& argv, double patience) : patience_(patience) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw Fault("cannot make a socket for a peer");
    socket_ = system::FileDescriptor(ends[0]);
    const system::FileDescriptor theirs(ends[1]);
    try {  // a group of its own: Ctrl-C is ours
      pid_ = system::launch({.argv = argv,
                             .descriptors = {{theirs.get(), STDIN_FILENO}, {theirs.get(), STDOUT_FILENO}},
                             .own_group = true});
    } catch (const system::Error& missing) {
      missing_ = missing.what();
    }
  }

  ~Conversation() {
    if (pid_ < 0) return;
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  /// @throws std::domain_error with the error that was answered; Stopped if nothing more can be asked
  json ask(const json& order) {
    if (pid_ < 0) throw Stopped(Verdict::crashed, missing_);
    const std::string line = order.dump() + "\n";
    for (std::size_t sent = 0; sent < line.size();) {
      const ssize_t n = send(socket_.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) break;
      sent += static_cast<std::size_t>(n);
    }
    const json answer = json::parse(read_line(), nullptr, false);
    if (!answer.is_object()) throw Stopped(Verdict::crashed, "it has ended, or its answer is no JSON object");
    if (!answer.contains("error")) return answer;
    const auto text = answer["error"].get<std::string>();
    if (answer.value("fatal", false)) throw Stopped(Verdict::crashed, text);
    throw std::domain_error(text);
  }

 private:
  /// Up to the end of the line, or of what there is.
  std::string read_line() {
    const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(patience_);
    std::size_t end;
    while ((end = received_.find('\n')) == std::string::npos) {
      pollfd wait{socket_.get(), POLLIN, 0};
      if (poll(&wait, 1, 1000) <= 0) {
        if (Clock::now() < deadline) continue;
        throw Stopped(Verdict::timed_out, fmt::format("no answer after {:.0f} s", patience_.count()));
      }
      char bytes[4096];
      const ssize_t n = recv(socket_.get(), bytes, sizeof bytes, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return "";
      received_.append(bytes, static_cast<std::size_t>(n));
    }
    const std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    return line;
  }

  std::chrono::duration<double> patience_;
  pid_t pid_ = -1;
  std::string missing_;  ///< why there is no process
  system::FileDescriptor socket_;
  std::string received_;
};

/// A folder that is removed with this object.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "bench-peer-XXXXXX").string();
    if (!mkdtemp(name.data())) throw Fault("cannot make a folder for a peer's tensors");
    folder_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string file(const std::string& name) const { return (folder_ / name).string(); }

 private:
  fs::path folder_;
};

/// Results are kept and shown to others, whom nobody's home folder concerns.
std::string without_home(std::string text) {
  const char* const home = std::getenv("HOME");
  if (!home || std::string_view(home).size() < 2) return text;
  for (std::size_t at = 0; (at = text.find(home, at)) != text.npos;)
    text.replace(at++, std::string_view(home).size(), "~");
  return text;
}

class PeerSource final : public Source {
 public:
  PeerSource(const std::vector<std::string>& argv, const Limits& limits)
      : argv_(argv), patience_(std::max(limits.wall_seconds, kPatience)) {}

  std::vector<Backend> backends() override try {
    const json answer = peer().ask({{"do", "backends"}});
    about_ = answer.value("about", "");
    why_ = answer.value("why", "it offers nothing");
    std::vector<Backend> all;
    for (const json& one : answer.at("backends"))
      all.push_back({.name = one.at("name"), .device = one.at("device"), .dtypes = {one.at("dtype")}});
    for (const Backend& backend : all) devices_.insert(backend.device);
    return all;
  } catch (const std::exception& e) {
    why_ = e.what();
    return {};
  }

  std::string remark(const std::string& device) override {
    return without_home(devices_.contains(device) ? about_ : "does not join on " + device + ": " + why_);
  }

  std::optional<std::int64_t> core_workspace(const Backend&, const Config&) override { return {}; }

  bool takes(const Backend&, const Config& config) override {
    using attention_layer::Projections;
    return config.projections != Projections::latent && config.projections != Projections::training;
  }

  void prepare(const Config& config) override {
    config_ = config;
    json tensors = json::array();
    auto inputs = attention_layer::inputs_of(config.projections);
    const auto weights = attention_layer::weights_of(config.projections);
    inputs.insert(inputs.end(), weights.begin(), weights.end());
    for (const attention_layer::Input input : inputs) {
      const Tensor tensor = attention_layer::make(input, config.extents);
      const std::string name = describe(input);
      std::ofstream(scratch_.file(name), std::ios::binary)
          .write(reinterpret_cast<const char*>(tensor.data()), 4 * tensor.size());
      tensors.push_back({{"name", name}, {"file", scratch_.file(name)}, {"shape", tensor.shape().extents()}});
    }
    peer().ask({{"do", "prepare"},
                {"projections", describe(config.projections)},
                {"heads", config.extents.heads},
                {"kv_heads", config.extents.kv_heads},
                {"causal", config.mask == Mask::causal},
                {"threads", config.threads},
                {"tensors", tensors}});
  }

  Observed forward(const Backend& backend) override {
    const std::string file = scratch_.file("result");
    const json answer =
        peer().ask({{"do", "forward"}, {"backend", backend.name}, {"device", backend.device}, {"file", file}});
    Observed seen{.seconds = answer.at("seconds"), .note = answer.value("note", "")};
    if (answer.contains("workspace")) seen.workspace = answer["workspace"].get<double>();
    const std::vector<std::int64_t> extents = answer.at("shape");
    Tensor result{Shape(std::span<const std::int64_t>(extents))};
    std::ifstream in(file, std::ios::binary);
    if (!in.read(reinterpret_cast<char*>(result.data()), 4 * result.size()))
      throw std::runtime_error("the peer's result is shorter than its shape");
    seen.result.push_back(std::move(result));
    return seen;
  }

  Sample measure(const Backend& backend, Ceiling ceiling) override {
    const bool here = has_bursts(backend);
    Sample sample;
    if (here) sample.before = burst(ceiling, config_.threads);
    sample.seconds =
        peer().ask({{"do", "measure"}, {"backend", backend.name}, {"device", backend.device}}).at("seconds");
    if (here) sample.after = burst(ceiling, config_.threads);
    return sample;
  }

  bool has_bursts(const Backend& backend) override { return backend.device == "cpu"; }

  bool attends() override { return false; }

  Tensor attend(const Backend&, const Tensor&, const Tensor&, const Tensor&, const Masks&) override {
    throw std::domain_error("not asked: a peer");
  }

 private:
  /// Started when it is first asked.
  Conversation& peer() {
    if (!peer_) peer_.emplace(argv_, patience_);
    return *peer_;
  }

  std::vector<std::string> argv_;
  double patience_;
  std::optional<Conversation> peer_;
  std::string about_, why_;
  std::set<std::string> devices_;
  Scratch scratch_;
  Config config_;
};

/// Beside this executable, or else in the source folder.
std::string script(const std::string& name) {
  std::error_code ignored;
  const fs::path beside = fs::read_symlink("/proc/self/exe", ignored).parent_path() / name;
  return (fs::exists(beside, ignored) ? beside : fs::path(WORKBOOK_PEERS) / name).string();
}

}  // namespace

Origin peer_origin(const std::string& name, const std::vector<std::string>& argv) {
  return {name, [argv](const Limits& limits) { return std::make_unique<PeerSource>(argv, limits); }};
}

Origin torch_origin(int threads) {
  return peer_origin("PyTorch", {"python3", "-u", script("torch_peer.py"), std::to_string(threads)});
}

Origin onnx_origin() { return peer_origin("ONNX Runtime", {"node", script("onnx_peer.js")}); }

}  // namespace workbook::bench
