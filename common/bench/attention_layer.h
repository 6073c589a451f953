#pragma once
/// What a benchmark asks of a worker: an attention layer whose core is a lesson's code, ready to run again and again.
///
/// The lesson's code is the attention between the projections; the projections around it are the benchmark's own, the
/// same for every backend. Inputs and weights are made in the worker from the shape alone (inputs.h), so nothing large
/// crosses to it, and a run is timed where it runs.

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/contract/contract.h"
#include "common/contract/mask.h"
#include "common/tensor/tensor.h"

namespace workbook::attention_layer {

/// What a backend computes.
enum class Formula {
  softmax,          ///< softmax(q k^T / sqrt(head_dim) + mask) v
  linear,           ///< phi(q) phi(k)^T v with phi = elu + 1, normalised
  softmax_feature,  ///< the same, with phi a softmax over the features
  latent,           ///< multi-head latent attention as a whole layer; on one thread
  training,         ///< softmax attention, and the gradients of q, k and v
};

/// What stands around the attention.
enum class Projections {
  none,      ///< q, k and v are given
  separate,  ///< x w_q, x w_k, x w_v, and w_o behind
  joined,    ///< one product x [w_q w_k w_v], and w_o behind
  cross,     ///< keys and values are made from another sequence
  latent,    ///< keys and values pass through a latent of few channels
  training,  ///< q, k, v and the gradient of the output are given
};

struct Extents {
  std::int64_t batch = 1;
  std::int64_t q_len = 1;
  std::int64_t kv_len = 1;
  std::int64_t d_model = 1;  ///< not used without projections
  std::int64_t heads = 1;
  std::int64_t kv_heads = 1;
  std::int64_t head_dim = 1;
};

struct Config {
  Extents extents;
  Projections projections = Projections::none;
  Mask mask = Mask::causal;
  int threads = 1;
};

/// An implementation of attention that a lesson offers. Name, formula and type tell it from the lesson's others.
struct Backend {
  std::string name;  ///< "flash"
  Formula formula = Formula::softmax;
  std::string device = "cpu";
  std::vector<std::string> dtypes = {"float32"};  ///< on a CPU: of keys and values
  bool ladder = false;  ///< a step on the way to another backend: runs only if it, or its lesson, is asked for by name
};

/// What may be done to the scores.
struct Masks {
  Mask mask = Mask::none;
  std::optional<TensorOf<bool>> allowed;  ///< [q_len, kv_len]
  std::optional<Tensor> bias;             ///< [q_len, kv_len]
};

/// For backends whose lesson knows a causal mask and no other. @throws std::domain_error
inline Mask only_mask(const Masks& masks) {
  if (masks.allowed) throw std::domain_error("takes no boolean mask");
  if (masks.bias) throw std::domain_error("takes no bias");
  return masks.mask;
}

/// Which of the machine's limits a case can come near to.
enum class Ceiling {
  arithmetic,  ///< fused multiply-adds, FLOP/s
  bandwidth,   ///< reading from memory, bytes/s
};

/// One timed run between two bursts, which tell how fast the machine was just before and just after.
struct Sample {
  double before = 0;  ///< FLOP/s or bytes/s
  double seconds = 0;
  double after = 0;
};

enum class Input : int;  // inputs.h

/// A layer with its inputs. Several backends run on the same.
class Runner {
 public:
  explicit Runner(Config config);

  /// @throws what the lesson's function throws; std::invalid_argument for a backend that is not there
  /// One tensor, [batch, q_len, d_model], or without projections as q; in training the output, dq, dk and dv.
  std::vector<Tensor> forward(const Backend& backend);

  /// Runs it once more and drops the result.
  Sample measure(const Backend& backend, Ceiling ceiling);

 private:
  Config config_;
  std::vector<Tensor> inputs_;       // x, and memory if cross; without projections q, k, v, and d_output in training
  std::map<Input, Tensor> weights_;  // weights_of(); w_qkv in place of w_q, w_k and w_v if joined
  std::vector<TensorOf<bfloat16>> bfloat16_kv_;  // k and v, if a backend here takes them so
};

/// What this plugin's lesson offers.
std::vector<Backend> backends();

/// How fast the device is at this moment, FLOP/s or bytes/s, by a burst of nothing else.
double rate(Ceiling ceiling, int threads);

/// Who multiplies the projections: "oneDNN 2.6.3", "Eigen 3.4.0".
std::string multiplier();

/// Whether the backend has this kind of layer, at these extents.
bool takes(const Backend& backend, const Config& config);

/// Bytes that the backend's attention needs for this, beyond its arguments: what the lesson promises, not a
/// measurement.
std::int64_t core_workspace(const Backend& backend, const Config& config);

/// The backend's attention alone. @throws std::domain_error if it takes no such mask
Tensor attend(const Backend& backend,
              const Tensor& q,      // [batch, heads, q_len, head_dim]
              const Tensor& k,      // [batch, kv_heads, kv_len, head_dim]
              const Tensor& v,      // [batch, kv_heads, kv_len, head_dim]
              const Masks& masks);  // -> [batch, heads, q_len, head_dim]

inline constexpr Contract<construct<Runner, Config>, &Runner::forward, &Runner::measure, backends, rate, multiplier,
                          takes, core_workspace, attend>
    contract;

}  // namespace workbook::attention_layer
