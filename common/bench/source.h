#pragma once
/// Where implementations of attention come from: a lesson's plugin in a worker, or a peer in another language.

#include <functional>
#include <memory>
#include <optional>

#include "attention_layer.h"
#include "common/checker/worker_process.h"

namespace workbook::bench {

using attention_layer::Backend;
using attention_layer::Ceiling;
using attention_layer::Config;
using attention_layer::Formula;
using attention_layer::Masks;
using attention_layer::Sample;

/// A result, with what was observed while it was made.
struct Observed {
  std::vector<Tensor> result;  ///< as attention_layer::Runner::forward
  Evidence evidence;
  bool metered = false;  ///< evidence has heap and stack
  double seconds = 0;
  std::optional<double> workspace;  ///< bytes on the device, if its allocator told
  std::string note;                 ///< how the result was made, if that is to be said
};

/// Something that runs layers. One at a time is prepared; all its backends then run on the same inputs.
class Source {
 public:
  virtual ~Source() = default;

  virtual std::vector<Backend> backends() = 0;

  /// After backends(): what is to be said of this source beside the rows that it has on this device. Empty: nothing.
  virtual std::string remark(const std::string& /*device*/) { return {}; }

  /// Who multiplies the projections of its layers: "oneDNN 2.6.3". Empty: not known.
  virtual std::string multiplier() { return {}; }

  /// The memory that the attention promises to take, if it is promised.
  virtual std::optional<std::int64_t> core_workspace(const Backend& backend, const Config& config) = 0;

  /// Whether the backend has this kind of layer at all, at these extents.
  virtual bool takes(const Backend& /*backend*/, const Config& /*config*/) { return true; }

  /// Makes inputs and weights. @throws Stopped, or std::exception, as the other members do
  virtual void prepare(const Config& config) = 0;

  virtual Observed forward(const Backend& backend) = 0;
  virtual Sample measure(const Backend& backend, Ceiling ceiling) = 0;

  /// Whether measure() brackets the backend's run by bursts. If not, another source of the device has to.
  virtual bool has_bursts(const Backend& /*backend*/) { return true; }

  /// One burst where its layers run. Nothing: it has none.
  virtual std::optional<double> rate(Ceiling /*ceiling*/, int /*threads*/) { return {}; }

  /// What the CUDA simulator counts for small inputs that everybody can imagine: 2 heads, 64 tokens, head_dim 64,
  /// causal. By name, sums of all launches. Empty if nothing is counted.
  virtual std::vector<std::pair<std::string, double>> simulate(const Backend& /*backend*/) { return {}; }

  /// Whether attend() may be asked.
  virtual bool attends() { return true; }

  /// Attention alone, to find out what a backend takes. @throws std::exception if it does not
  virtual Tensor attend(const Backend& backend, const Tensor& q, const Tensor& k, const Tensor& v,
                        const Masks& masks) = 0;
};

/// How to open a source, and what its rows are called.
struct Origin {
  std::string lesson;  ///< "08_fused_vs_flash"
  std::function<std::unique_ptr<Source>(const Limits&)> open;
  std::string impl = {};  ///< "mine", "solution"; empty: a peer
};

using Words = std::vector<std::string>;

/// A lesson's plugin in a worker of its own.
/// @param sandbox the command that confines the worker, of a plugin that is not trusted; empty: there is none
Origin plugin_origin(const std::string& lesson, const std::string& plugin, const std::string& worker,
                     const Words& sandbox = {});

/// The plugins of an implementation ("solution", "mine") in that folder, by lesson.
std::vector<Origin> plugin_origins(const std::string& folder, const std::string& impl, const std::string& worker,
                                   const Words& sandbox = {});

}  // namespace workbook::bench
