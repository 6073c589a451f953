// Peers in another language: their protocol, their devices and types.

#include "common/bench/peer.h"

#include <cstdlib>

#include "common/bench/summary.h"
#include "common/bench/table.h"
#include "common/bench/tests/tiny_runs.h"
#include "common/checker/catch.h"
#include "common/system/process.h"

using namespace workbook;
using namespace workbook::bench;

namespace {

/// Has bursts of the device "abacus", and nothing that the layers of these tests need.
class Gauge final : public Source {
 public:
  explicit Gauge(int& bursts) : bursts_(bursts) {}
  std::vector<Backend> backends() override {
    return {{.name = "gauge", .formula = attention_layer::Formula::latent, .device = "abacus"}};
  }
  std::optional<std::int64_t> core_workspace(const Backend&, const Config&) override { return {}; }
  void prepare(const Config&) override {}
  Observed forward(const Backend&) override { throw std::logic_error("not asked for"); }
  Sample measure(const Backend&, Ceiling) override { throw std::logic_error("not asked for"); }
  std::optional<double> rate(Ceiling, int) override { return ++bursts_, 1e12; }
  Tensor attend(const Backend&, const Tensor&, const Tensor&, const Tensor&, const Masks&) override {
    throw std::domain_error("not asked for");
  }

 private:
  int& bursts_;
};

/// The device that the test's peer has, beside a lesson that has it too.
Options options_for_abacus(int& bursts, int& opened) {
  Options options = options_for("tiny");
  options.device = "abacus";
  options.layers = {"multi-head", "grouped-query"};
  options.origins = {{"gauge", [&bursts](const Limits&) { return std::make_unique<Gauge>(bursts); }},
                     counted(peer_origin("a peer", {"python3", "-u", FAKE_PEER}), opened)};
  return options;
}

/// In this scope, node looks for packages in that folder first.
class NodePath {
 public:
  explicit NodePath(const char* folder) {
    if (const char* before = std::getenv("NODE_PATH")) before_ = before;
    setenv("NODE_PATH", folder, 1);
  }
  ~NodePath() { before_ ? setenv("NODE_PATH", before_->c_str(), 1) : unsetenv("NODE_PATH"); }
  NodePath(const NodePath&) = delete;
  NodePath& operator=(const NodePath&) = delete;

 private:
  std::optional<std::string> before_;
};

/// Every kind of layer that ONNX Runtime takes: whole layers; attention alone, causal and not; one query.
Options options_for_onnx() {
  Options options = options_for("tiny");
  options.origins = {onnx_origin()};
  Workload alone = options.workloads.front();
  alone.name = "alone", alone.projections = false, alone.extents.d_model = 1;
  alone.layers = {"multi-head", "grouped-query", "cross-attention"};
  Workload decode = alone;
  decode.name = "decode", decode.extents.q_len = 1, decode.layers = {"grouped-query"};
  options.workloads.insert(options.workloads.end(), {alone, decode});
  options.threads = 2;
  return options;
}

void check_onnx(const std::vector<Case>& cases) {
  CHECK(cases.size() == 6 + 3 + 1);
  for (const Case& c : cases) {
    INFO(c.workload << " " << c.layer << ": " << c.problem);
    CHECK(c.measured());
    const bool causal = c.workload != "decode" && c.layer != "cross-attention" && c.layer != "full";
    CHECK_THAT(c.note, contains_text(causal ? "GroupQueryAttention" : "MultiHeadAttention"));
  }
}

}  // namespace

TEST_CASE("a peer in another language is verified and joins the same run", "[bench]") {
  Options options = options_for("tiny");
  options.layers = {"multi-head", "cross-attention", "grouped-query"};
  options.backends = {"flash", "peer", "wrong peer", "angry peer"};
  options.origins.push_back(peer_origin("a peer", {"python3", "-u", FAKE_PEER}));
  const std::vector<Case> cases = run(options);
  REQUIRE(cases.size() == 12);
  for (const Case& c : cases) {
    INFO(c.layer << " " << c.backend << ": " << c.problem);
    if (c.backend == "wrong peer")
      CHECK(c.status == status::kWrong);
    else if (c.backend == "angry peer")
      CHECK_THAT(c.problem, contains_text("RuntimeError: no"));
    else
      CHECK(c.measured());
  }
}

TEST_CASE("a peer's 16-bit backend on a device is verified by its own rounding, one that hides it by float32's",
          "[bench]") {
  int bursts = 0, opened = 0;
  Options options = options_for_abacus(bursts, opened);
  options.backends = {"peer float16", "boasting peer"};
  options.num_runs = 2;
  const std::vector<Case> cases = run(options);
  REQUIRE(cases.size() == 4);
  for (const Case& c : cases) {
    INFO(c.layer << " " << c.backend << ": " << c.problem);
    CHECK(c.device == "abacus");
    if (c.backend == "boasting peer") {
      CHECK(c.dtype == "float32");
      CHECK(c.status == status::kWrong);
      continue;
    }
    CHECK(c.dtype == "float16");
    CHECK(c.measured());
    CHECK_FALSE(c.noisy);
    CHECK(c.max_error > the_case(cases, "boasting peer").error_limit);
    CHECK(c.workspace_bytes == 4096);
    CHECK(c.note == "beads are counted");
  }
  CHECK(opened == 2);              // to ask what it offers, and for all layers
  CHECK(bursts == 1 + 2 * 2 * 2);  // the device's own: to find them, then before and after each run of two layers
}

TEST_CASE("a peer that ends is started again for the other backends", "[bench]") {
  int bursts = 0, opened = 0;
  Options options = options_for_abacus(bursts, opened);
  options.layers = {"multi-head"};
  const std::vector<Case> cases = run(options);
  CHECK_THAT(the_case(cases, "dying peer").problem, contains_text("crashed: it has ended"));
  CHECK(the_case(cases, "peer float16").measured());
  CHECK(opened == 3);
}

TEST_CASE("a peer is not asked what masks it takes, and its workspace is not known", "[bench]") {
  Options options = options_for("tiny");
  options.layers = {"multi-head"};
  options.backends = {"unfused", "peer"};
  options.origins.push_back(peer_origin("a peer", {"python3", "-u", FAKE_PEER}));
  for (const Capability& c : probe_capabilities(options, find_offers(options))) CHECK(c.backend == "unfused");
  const std::vector<Case> cases = run(options);
  CHECK(summarize(cases).best_backend == "peer");
  CHECK_THAT(as_text({.cases = cases}), !contains_text("nan"));
}

TEST_CASE("what there is to say of a peer is told, also when it does not join", "[bench]") {
  Options options = options_for("tiny");
  options.origins.push_back(peer_origin("a peer", {"python3", "-u", FAKE_PEER}));
  options.origins.push_back(peer_origin("nobody", {"false"}));
  std::vector<std::string> remarks;
  find_offers(options, &remarks);
  CHECK(remarks ==
        std::vector<std::string>{"a peer: Plain Python",
                                 "nobody: does not join on cpu: it has ended, or its answer is no JSON object"});
  remarks.clear();
  options.device = "cuda";
  find_offers(options, &remarks);
  CHECK(remarks.at(0) == "a peer: does not join on cuda: it has no such device");
}

TEST_CASE("PyTorch, where there is one, agrees on every layer it takes", "[bench]") {
  auto torch = torch_origin(1).open({})->backends();
  std::erase_if(torch, [](const Backend& backend) { return backend.device != "cpu"; });
  if (torch.empty()) return;
  Options options = options_for("tiny");
  options.origins = {torch_origin(1)};
  const std::vector<Case> cases = run(options);
  CHECK(cases.size() == 6 * torch.size());
  for (const Case& c : cases) {
    INFO(c.layer << " " << c.backend << ": " << c.problem);
    CHECK(c.measured());
  }
}

TEST_CASE("ONNX Runtime's peer writes models of every layer it takes, which a stand-in reads and computes", "[bench]") {
  if (!system::has_program("node")) {
    WARN("not tested: there is no node");
    return;
  }
  const NodePath stand_in(STAND_INS);
  check_onnx(run(options_for_onnx()));
}

TEST_CASE("ONNX Runtime, where there is one, agrees on every layer it takes", "[bench]") {
  if (onnx_origin().open({})->backends().empty()) return;
  check_onnx(run(options_for_onnx()));
}

TEST_CASE("ONNX Runtime's peer says that its package is missing", "[bench]") {
  const auto source = onnx_origin().open({});
  if (!source->backends().empty()) return;
  CHECK_THAT(source->remark("cpu"),
             contains_text(system::has_program("node") ? "onnxruntime-node" : "cannot run node"));
}

TEST_CASE("a peer that is not there offers nothing", "[bench]") {
  Options options = options_for("tiny");
  for (const char* program : {"/nonexistent/python", "false", "true", "echo"})
    CHECK(peer_origin("nobody", {program}).open({})->backends().empty());
  const auto nobody = peer_origin("nobody", {"/nonexistent/python"}).open({});
  nobody->backends();
  CHECK_THAT(nobody->remark("cpu"), contains_text("cannot run /nonexistent/python"));
  const char* const found = std::getenv("HOME");
  const std::string home = found ? found : "";
  setenv("HOME", "/nonexistent", 1);
  CHECK_THAT(nobody->remark("cpu"), contains_text("cannot run ~/python"));
  setenv("HOME", home.c_str(), 1);
}
