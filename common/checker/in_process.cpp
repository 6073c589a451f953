#include "common/checker/worker_process.h"
#include "common/worker/host.h"

namespace workbook {
namespace {

/// The plugin in the checker's own process: a debugger sees one program, and nothing is metered or limited.
class InProcess final : public Server {
 public:
  explicit InProcess(const RunOptions& options) : plugin_(load_plugin(options.plugin)), host_(plugin_, nullptr) {}

  std::vector<std::byte> exchange(std::span<const std::byte> request) override {
    const Writer reply = serve_request(plugin_, host_, request);
    return {reply.bytes().begin(), reply.bytes().end()};
  }
  std::string output(std::size_t) const override { return {}; }
  bool metered() const override { return false; }

  const LoadedPlugin& plugin() const { return plugin_; }

 private:
  LoadedPlugin plugin_;
  MeteringHost host_;
};

}  // namespace

std::unique_ptr<Server> load_in_process(const RunOptions& options, const std::string& contract) {
  auto server = std::make_unique<InProcess>(options);
  if (!server->plugin().error.empty()) throw Fault("the implementation cannot be loaded: " + server->plugin().error);
  if (server->plugin().table->contract != contract)
    throw Fault(options.plugin + " was built for another contract; build it again");
  return server;
}

}  // namespace workbook
