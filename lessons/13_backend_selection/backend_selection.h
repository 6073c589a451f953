#pragma once
/// Which attention shall it be? Memory and time of every backend, a time model that is fitted to measurements, and a
/// decision that says in words why each of the other backends was not taken.
///
/// Invariants:
///   - a backend that cannot compute the problem, or needs more memory than the budget, is not chosen, forced or not;
///   - a decision depends on candidates, problem and constraints and on nothing else, also if it is remembered;
///   - counts are exact up to 2^63 - 1. @pre every extent and tile is >= 1, and heads is a multiple of kv_heads

#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/contract/contract.h"
#include "common/contract/mask.h"

namespace workbook::backend_selection {

enum class Device { cpu, cuda };
enum class DType { float32, float16, bfloat16 };

enum class Algorithm {
  unfused,   ///< lesson 02: scores and weights of all heads, as whole tensors; K and V copied to all query heads
  per_head,  ///< lesson 04: the scores of one head at a time
  fused,     ///< lesson 08: one query at a time meets the keys that it sees
  flash,     ///< lessons 08 and 12: q_tile queries at a time meet kv_tile keys at a time
};

/// Attention that somebody asks for. Boolean mask and bias are tensors beside `mask`; their bytes are not counted.
struct Problem {
  int batch = 1, heads = 1, kv_heads = 1, q_len = 1, kv_len = 1, head_dim = 1;
  Mask mask = Mask::none;
  bool boolean_mask = false, bias = false;
  DType dtype = DType::float32;  ///< of q, k, v and the output; scores and log-sum-exps are float32 in any case
};

/// An implementation and what it takes.
struct Backend {
  std::string name;
  Algorithm algorithm = Algorithm::unfused;
  Device device = Device::cpu;
  std::vector<DType> dtypes = {DType::float32};
  bool boolean_mask = false, bias = false;
  int multiple_of = 1;  ///< head_dim has to be a multiple of it
  int max_head_dim = std::numeric_limits<int>::max();
  int q_tile = 1, kv_tile = 1;  ///< of flash; the others ignore them
};

/// What a backend does for a problem, counted.
struct Work {
  std::int64_t flops = 0, exponentials = 0, bytes = 0, launches = 0;
};

/// The prices of the text: what each of these costs on a machine, in seconds.
struct Constants {
  double per_flop = 0, per_exponential = 0, per_byte = 0, per_launch = 0;
};

/// The time model: a sum of four products.
inline double estimate_time(const Work& work, const Constants& c) {
  const auto real = [](std::int64_t count) { return static_cast<double>(count); };
  return real(work.flops) * c.per_flop + real(work.exponentials) * c.per_exponential + real(work.bytes) * c.per_byte +
         real(work.launches) * c.per_launch;
}

/// A row of the benchmark.
struct Measurement {
  Work work;
  double seconds = 0;
};

/// A backend that may be chosen, with its own prices.
struct Candidate {
  Backend backend;
  Constants constants;
};

/// Within what a decision is made.
struct Constraints {
  std::int64_t memory_bytes = std::numeric_limits<std::int64_t>::max();  ///< the budget; needing just so much is fine
  std::vector<Device> devices = {Device::cpu};                           ///< that this machine has
  std::string force = {};  ///< debug mode: the name of the backend to take; empty: the fastest
};

/// How a candidate fared; why_not looks for obstacles in this order.
enum class Why { chosen, device, dtype, boolean_mask, bias, head_dim, memory, slower, not_forced };

struct Refusal {
  Why why = Why::device;
  std::string reason;
};

/// What was found out about one candidate.
struct Considered {
  std::string name;
  std::int64_t memory_bytes = 0;
  double seconds = 0;
  Why why = Why::chosen;
  std::string reason;  ///< in words
};

struct Decision {
  int chosen = -1;                     ///< place among the candidates; -1: none of them
  std::vector<Considered> considered;  ///< all candidates, in their order
};

/// Bytes that exist at a time: q, k, v and the output in dtype, and what the algorithm holds besides:
///   unfused   scores and weights, [batch, heads, q_len, kv_len] each; if kv_heads < heads, copies of k and v for all
///             query heads, in dtype
///   per_head  scores, [q_len, kv_len]
///   fused     scores, [kv_len]
///   flash     scores, [min(q_tile, q_len), min(kv_tile, kv_len)]; log-sum-exps, [batch, heads, q_len]
std::int64_t estimate_memory(const Backend& backend, const Problem& problem);

/// The work of all heads of all sequences. For one head, if a *pair* is a query and a key:
///   pairs         whose score is computed. unfused, per_head: all; fused: each query and the keys that it sees; flash:
///                 each tile of queries and the keys up to the last one that its last query sees
///   flops         4 head_dim for each pair
///   exponentials  unfused: 1 for each pair; the others: 1 for each pair that the mask lets through
///   launches      unfused, per_head: 3; fused: 1 for each query; flash: 1 for each tile of keys that a tile of queries
///                 meets
/// Of all heads together, bytes: q, k, v and the output, in dtype; scores 4 times (unfused, per_head); if unfused
/// copies k and v, a reading and a writing of each element of the copies.
Work work_of(const Backend& backend, const Problem& problem);

/// Constants >= 0 with the least sum of weight * r^2 over all rows, where r = estimate_time / seconds - 1 is the
/// relative error of a row. If several are equally good, any of them; a count that is 0 in all rows gets constant 0.
/// @throws std::invalid_argument if there is no row, if a row's seconds are not > 0, naming the row,
/// counted from 0, and how many rows there are, or if there are not as many weights as rows, naming both numbers
Constants least_squares(const std::vector<Measurement>& rows, const std::vector<double>& weights);

/// Beyond this relative error a row no longer counts with its square.
inline constexpr double kHuber = 0.1;

/// Constants >= 0 with the least sum of huber(r): r^2 / 2 where |r| <= kHuber, else kHuber (|r| - kHuber / 2) (Huber
/// 1964), up to 0.05 % of each constant. @throws as least_squares
Constants fit(const std::vector<Measurement>& rows);

/// Why the backend cannot take the problem, the first that applies in the order of Why: its device is absent, it does
/// not take the dtype, the boolean mask, the bias, or the head_dim (no multiple, or too large), or it needs more bytes
/// than the budget. Nothing if it can. `force` plays no part. The reason says what is wanted and what there is. If
/// numbers are compared, it names both: head_dim and the multiple or maximum; bytes needed and bytes of the budget.
std::optional<Refusal> why_not(const Backend& backend, const Problem& problem, const Constraints& constraints);

/// The fastest backend, by estimate_time, of those that can; of equals the first. Each of the others has its reason,
/// and that of the chosen one may be anything:
/// why_not's; else `slower`, naming the chosen backend and both times in whole microseconds, rounded to nearest.
/// If `force` is set, the choice is that backend, or none if it cannot; all others are `not_forced`, naming it.
/// Bytes and seconds are estimated for all candidates in any case.
/// @throws std::invalid_argument if `force` is no candidate's name, naming it and the names that there are
Decision select_backend(const std::vector<Candidate>& candidates, const Problem& problem,
                        const Constraints& constraints);

/// A text that is the same for two questions if, and only if, everything in them is the same.
std::string cache_key(const Problem& problem, const Constraints& constraints);

/// Remembers decisions. Threads may share it.
class Selector {
 public:
  explicit Selector(const std::vector<Candidate>& candidates) : candidates_(candidates) {}

  /// As select_backend. Each question gets one decision, made by whichever thread asks first. A question for which
  /// select_backend throws is neither remembered nor counted. @throws as select_backend
  Decision select(const Problem& problem, const Constraints& constraints);

  /// How many times select_backend has decided.
  int decided() const {
    const std::lock_guard lock(mutex_);
    return decided_;
  }

 private:
  std::vector<Candidate> candidates_;
  mutable std::mutex mutex_;                   // protects all below
  std::map<std::string, Decision> decisions_;  // by cache_key
  int decided_ = 0;
};

/// The selector's decisions for all problems, in their order, asked for by `threads` threads side by side, which have
/// ended when it returns or throws. @throws std::invalid_argument if threads < 1, naming it; what a thread's select
/// throws
std::vector<Decision> select_all(Selector& selector, const std::vector<Problem>& problems,
                                 const Constraints& constraints, int threads);

inline constexpr Contract<estimate_memory, work_of, least_squares, fit, why_not, select_backend, cache_key,
                          construct<Selector, const std::vector<Candidate>&>, &Selector::select, &Selector::decided,
                          select_all>
    contract;

}  // namespace workbook::backend_selection
