#include "common/bench/source.h"

#include <algorithm>
#include <filesystem>

#include "common/bench/inputs.h"
#include "common/bench/remote.h"

namespace workbook::bench {

namespace {

using attention_layer::Runner;

/// F, called in the worker.
template <auto F>
inline constexpr auto& remote = remote_of<attention_layer::contract, F>;

class PluginSource final : public Source {
 public:
  PluginSource(const RunOptions& options, std::uint64_t seed)
      : session_(options, contract_name(attention_layer::contract), seed) {}

  std::vector<Backend> backends() override { return remote<attention_layer::backends>(session_); }

  std::string multiplier() override { return remote<attention_layer::multiplier>(session_); }

  std::optional<std::int64_t> core_workspace(const Backend& backend, const Config& config) override {
    return remote<attention_layer::core_workspace>(session_, backend, config);
  }

  bool takes(const Backend& backend, const Config& config) override {
    return remote<attention_layer::takes>(session_, backend, config);
  }

  void prepare(const Config& config) override {
    runner_.reset();  // its inputs are freed before there are others
    runner_.emplace(remote<construct<Runner, Config>>(session_, config));
  }

  Observed forward(const Backend& backend) override {
    const std::size_t notes = session_.notes().size();
    Observed seen{.result = remote<&Runner::forward>(session_, runner_.value(), backend)};
    if (session_.notes().size() > notes) throw std::runtime_error(session_.notes().back().text);
    seen.evidence = session_.last_call().counts();
    seen.metered = session_.last_call().metered();
    seen.seconds = seen.evidence.seconds.at(0);
    return seen;
  }

  Sample measure(const Backend& backend, Ceiling ceiling) override {
    return remote<&Runner::measure>(session_, runner_.value(), backend, ceiling);
  }

  std::optional<double> rate(Ceiling ceiling, int threads) override {
    return remote<attention_layer::rate>(session_, ceiling, threads);
  }

  std::vector<std::pair<std::string, double>> simulate(const Backend& backend) override {
    attention_layer::Extents small{.q_len = 64, .kv_len = 64, .heads = 2, .kv_heads = 2, .head_dim = 64};
    if (!takes(backend, {.extents = small})) small.q_len = 1;
    const auto made = [&](attention_layer::Input input) { return make(input, small); };
    using attention_layer::Input;
    attend(backend, made(Input::q), made(Input::k), made(Input::v), {.mask = Mask::causal});
    const CudaEvidence& cuda = session_.last_call().counts().cuda;
    if (!cuda.counted) return {};
    std::uint64_t barriers = 0;
    for (const CudaLaunch& launch : cuda.launches) barriers += launch.operations.barriers;
    const GlobalTraffic loads = cuda.loads(), stores = cuda.stores();
    const SharedTraffic shared = cuda.shared();
    const auto count = [](auto value) { return static_cast<double>(value); };
    return {{"launches", count(cuda.launches.size())},
            {"global bytes", count(loads.bytes + stores.bytes)},
            {"global sectors", count(loads.sectors + stores.sectors)},
            {"cold sectors", count(loads.cold_sectors + stores.cold_sectors)},
            {"shared wavefronts beyond ideal", count(shared.wavefronts - shared.ideal)},
            {"barriers", count(barriers)},
            {"device bytes", count(cuda.peak_bytes)}};
  }

  Tensor attend(const Backend& backend, const Tensor& q, const Tensor& k, const Tensor& v,
                const Masks& masks) override {
    return remote<attention_layer::attend>(session_, backend, q, k, v, masks);
  }

 private:
  Session session_;
  std::optional<Object<Runner>> runner_;
};

}  // namespace

Origin plugin_origin(const std::string& lesson, const std::string& plugin, const std::string& worker,
                     const Words& sandbox) {
  const bool on_gpu = plugin.ends_with(".gpu.so");
  return {lesson, [=](const Limits& limits) {
            RunOptions options{.plugin = plugin, .worker = worker, .sandbox = sandbox, .limits = limits};
            options.trust_plugin = sandbox.empty();
            options.limits.keep_pages = true;
            return std::make_unique<PluginSource>(on_gpu ? for_gpu(options) : options, 1);
          }};
}

std::vector<Origin> plugin_origins(const std::string& folder, const std::string& impl, const std::string& worker,
                                   const Words& sandbox) {
  const std::string ending = "." + impl + ".bench.so";
  std::vector<std::string> lessons;
  if (std::filesystem::is_directory(folder))
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (const std::string name = entry.path().filename(); name.ends_with(ending))
        lessons.push_back(name.substr(0, name.size() - ending.size()));
  std::ranges::sort(lessons);
  std::vector<Origin> origins;
  for (const std::string& lesson : lessons) {
    // A CUDA lesson has two: for the simulator, and for the GPU if there is one.
    const std::string for_gpu = folder + "/" + lesson + "." + impl + ".bench.gpu.so";
    const bool on_gpu = machine_has_gpu() && std::filesystem::exists(for_gpu);
    origins.push_back(plugin_origin(lesson, on_gpu ? for_gpu : folder + "/" + lesson + ending, worker, sandbox));
    origins.back().impl = impl;
  }
  return origins;
}

}  // namespace workbook::bench
