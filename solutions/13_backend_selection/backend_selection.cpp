#include "backend_selection.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <stdexcept>
#include <thread>

using namespace workbook;
using namespace workbook::backend_selection;

namespace {

constexpr std::int64_t kFloat = 4;  // bytes of a score, whatever the dtype is

std::int64_t width_of(DType dtype) { return dtype == DType::float32 ? 4 : 2; }
std::string name_of(Device device) { return device == Device::cpu ? "cpu" : "cuda"; }
std::string name_of(DType dtype) {
  if (dtype == DType::float32) return "float32";
  return dtype == DType::float16 ? "float16" : "bfloat16";
}

/// Sizes of a problem in 64 bits: a product that begins with one of them cannot overflow in int.
struct Sizes {
  explicit Sizes(const Problem& p)
      : all_heads(std::int64_t{p.batch} * p.heads),
        q_len(p.q_len),
        scores(q_len * p.kv_len),
        copies(p.kv_heads < p.heads ? 2 * all_heads * p.kv_len * p.head_dim : 0),
        tensors(2 * all_heads * q_len * p.head_dim + std::int64_t{2} * p.batch * p.kv_heads * p.kv_len * p.head_dim) {}
  std::int64_t all_heads, q_len;
  std::int64_t scores;   // elements, of one head
  std::int64_t copies;   // of k and v for all query heads, if there are fewer of them to begin with
  std::int64_t tensors;  // elements of q, k, v and the output
};

/// How many keys, from the first on, query i sees.
std::int64_t visible_keys(const Problem& p, std::int64_t i) {
  return p.mask == Mask::causal ? std::clamp<std::int64_t>(i + 1 + p.kv_len - p.q_len, 0, p.kv_len) : p.kv_len;
}

/// What one head's loop over queries meets: `step` of them at a time meet the keys that the last of them sees.
struct Walk {
  std::int64_t pairs = 0, tiles = 0;
};

Walk walk(const Problem& p, std::int64_t step, std::int64_t kv_tile) {
  Walk w;
  for (std::int64_t first = 0; first < p.q_len; first += step) {
    const std::int64_t count = std::min(step, p.q_len - first), seen = visible_keys(p, first + count - 1);
    w.pairs += count * seen;
    w.tiles += (seen + kv_tile - 1) / kv_tile;
  }
  return w;
}

/// A constant's place in a row of the system.
using Row = std::array<double, 4>;
/// Normal equations: the matrix, and the right-hand side as a fifth column.
using System = std::array<std::array<double, 5>, 4>;

/// The work for each second: the row's relative error is its product with the constants, less 1.
Row features(const Measurement& m) {
  const auto per_second = [&](std::int64_t count) { return static_cast<double>(count) / m.seconds; };
  return {per_second(m.work.flops), per_second(m.work.exponentials), per_second(m.work.bytes),
          per_second(m.work.launches)};
}

double relative_error(const Measurement& m, const Constants& c) { return estimate_time(m.work, c) / m.seconds - 1; }

/// Solves for the unknowns in `support`, the others being 0, by elimination with pivots. Nothing if they are not
/// determined.
std::optional<Row> solve(System s, unsigned support) {
  Row x{};
  std::vector<int> unknowns;
  for (int i = 0; i < 4; ++i)
    if (support >> i & 1) unknowns.push_back(i);
  std::vector<int> left = unknowns, pivots;
  for (const int column : unknowns) {
    const auto pivot = std::ranges::max_element(left, {}, [&](int row) { return std::abs(s[row][column]); });
    const int p = *pivot;
    if (std::abs(s[p][column]) < 1e-12) return std::nullopt;
    left.erase(pivot);
    pivots.push_back(p);
    for (const int row : unknowns) {
      const double factor = row == p ? 0 : s[row][column] / s[p][column];
      for (int k = 0; k < 5; ++k) s[row][k] -= factor * s[p][k];
    }
  }
  for (std::size_t i = 0; i < unknowns.size(); ++i) x[unknowns[i]] = s[pivots[i]][4] / s[pivots[i]][unknowns[i]];
  return x;
}

void check(const std::vector<Measurement>& rows, const char* function) {
  const std::string where = std::string("[") + function + "] ";
  if (rows.empty()) throw std::invalid_argument(where + "expected at least 1 row; found 0");
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!(rows[i].seconds > 0))
      throw std::invalid_argument(where + "expected seconds > 0; found " + std::to_string(rows[i].seconds) +
                                  " in row " + std::to_string(i) + " of " + std::to_string(rows.size()));
}

std::string microseconds(double seconds) { return std::to_string(std::llround(1e6 * seconds)) + " us"; }

Refusal too_much_memory(std::int64_t needed, std::int64_t budget) {
  return {Why::memory,
          "needs " + std::to_string(needed) + " bytes of memory; the budget is " + std::to_string(budget) + " bytes"};
}

}  // namespace

std::int64_t backend_selection::estimate_memory(const Backend& backend, const Problem& p) {
  const Sizes n(p);
  const std::int64_t width = width_of(p.dtype), tensors = width * n.tensors;
  switch (backend.algorithm) {
    case Algorithm::unfused:
      return tensors + width * n.copies + kFloat * 2 * n.all_heads * n.scores;
    case Algorithm::per_head:
      return tensors + kFloat * n.scores;
    case Algorithm::fused:
      return tensors + kFloat * p.kv_len;
    case Algorithm::flash:
      break;
  }
  const std::int64_t tile = std::min<std::int64_t>(backend.q_tile, p.q_len) * std::min(backend.kv_tile, p.kv_len);
  return tensors + kFloat * (tile + n.all_heads * n.q_len);
}

Work backend_selection::work_of(const Backend& backend, const Problem& p) {
  const Sizes n(p);
  const Walk seen = walk(p, 1, p.kv_len);  // one query at a time, all of its keys at once
  std::int64_t pairs = seen.pairs, exponentials = seen.pairs, launches = n.q_len, floats = 0, elements = n.tensors;
  switch (backend.algorithm) {
    case Algorithm::unfused:
      elements += 2 * n.copies;
      exponentials = n.scores;
      [[fallthrough]];
    case Algorithm::per_head:
      pairs = n.scores;
      launches = 3;
      floats = 4 * n.all_heads * n.scores;
      break;
    case Algorithm::fused:
      break;
    case Algorithm::flash:
      const Walk tiled = walk(p, backend.q_tile, backend.kv_tile);
      pairs = tiled.pairs;
      launches = tiled.tiles;
  }
  return {.flops = n.all_heads * 4 * p.head_dim * pairs,
          .exponentials = n.all_heads * exponentials,
          .bytes = width_of(p.dtype) * elements + kFloat * floats,
          .launches = n.all_heads * launches};
}

Constants backend_selection::least_squares(const std::vector<Measurement>& rows, const std::vector<double>& weights) {
  check(rows, "least_squares");
  if (weights.size() != rows.size())
    throw std::invalid_argument("[least_squares] expected a weight for each of " + std::to_string(rows.size()) +
                                " rows; found " + std::to_string(weights.size()));
  Row scale{};  // counts differ by factors of 10^9: columns of length 1 keep the elimination exact
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (int i = 0; i < 4; ++i) scale[i] += weights[r] * features(rows[r])[i] * features(rows[r])[i];
  for (double& s : scale) s = s > 0 ? std::sqrt(s) : 1;
  System system{};
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const Row a = features(rows[r]);
    for (int i = 0; i < 4; ++i) {
      for (int j = 0; j < 4; ++j) system[i][j] += weights[r] * a[i] * a[j] / (scale[i] * scale[j]);
      system[i][4] += weights[r] * a[i] / scale[i];
    }
  }
  Constants best;
  double gain = 0;  // at its own optimum x, a support lowers the sum of squares by x . right-hand side
  for (unsigned support = 1; support < 16; ++support) {
    const std::optional<Row> x = solve(system, support);
    if (!x || std::ranges::min(*x) < 0) continue;
    double lowered = 0;
    for (int i = 0; i < 4; ++i) lowered += (*x)[i] * system[i][4];
    if (lowered <= gain) continue;
    gain = lowered;
    best = {(*x)[0] / scale[0], (*x)[1] / scale[1], (*x)[2] / scale[2], (*x)[3] / scale[3]};
  }
  return best;
}

Constants backend_selection::fit(const std::vector<Measurement>& rows) {
  check(rows, "fit");
  std::vector<double> weights(rows.size(), 1);
  Constants c = least_squares(rows, weights);
  for (int round = 0; round < 100; ++round) {
    for (std::size_t r = 0; r < rows.size(); ++r)
      weights[r] = std::min(1.0, kHuber / std::abs(relative_error(rows[r], c)));
    c = least_squares(rows, weights);
  }
  return c;
}

std::optional<Refusal> backend_selection::why_not(const Backend& b, const Problem& p, const Constraints& constraints) {
  if (std::ranges::find(constraints.devices, b.device) == constraints.devices.end())
    return Refusal{Why::device, "runs on " + name_of(b.device) + ", which is not there"};
  if (std::ranges::find(b.dtypes, p.dtype) == b.dtypes.end())
    return Refusal{Why::dtype, "does not take " + name_of(p.dtype)};
  if (p.boolean_mask && !b.boolean_mask) return Refusal{Why::boolean_mask, "takes no boolean mask"};
  if (p.bias && !b.bias) return Refusal{Why::bias, "takes no bias"};
  const std::string found = "; head_dim is " + std::to_string(p.head_dim);
  if (p.head_dim % b.multiple_of != 0)
    return Refusal{Why::head_dim, "takes multiples of " + std::to_string(b.multiple_of) + found};
  if (p.head_dim > b.max_head_dim)
    return Refusal{Why::head_dim, "takes a head_dim of at most " + std::to_string(b.max_head_dim) + found};
  const std::int64_t needed = estimate_memory(b, p);
  if (needed > constraints.memory_bytes) return too_much_memory(needed, constraints.memory_bytes);
  return std::nullopt;
}

Decision backend_selection::select_backend(const std::vector<Candidate>& candidates, const Problem& problem,
                                           const Constraints& constraints) {
  Decision d;
  std::string names;
  bool known = constraints.force.empty();
  for (const auto& [backend, constants] : candidates) {
    const double seconds = estimate_time(work_of(backend, problem), constants);
    Considered c{backend.name, estimate_memory(backend, problem), seconds, Why::slower, {}};
    known = known || backend.name == constraints.force;
    names += (names.empty() ? "" : ", ") + backend.name;
    if (!constraints.force.empty() && backend.name != constraints.force)
      c.why = Why::not_forced, c.reason = constraints.force + " is forced";
    else if (const auto refusal = why_not(backend, problem, constraints))
      c.why = refusal->why, c.reason = refusal->reason;
    else if (d.chosen < 0 || seconds < d.considered[d.chosen].seconds)
      d.chosen = static_cast<int>(d.considered.size());
    d.considered.push_back(c);
  }
  if (!known) throw std::invalid_argument("[select_backend] expected one of " + names + "; found " + constraints.force);
  for (std::size_t i = 0; i < candidates.size(); ++i)
    if (Considered& c = d.considered[i]; static_cast<int>(i) == d.chosen)
      c.why = Why::chosen, c.reason = "can, and is the fastest by the model";
    else if (c.why == Why::slower)
      c.reason = "would take " + microseconds(c.seconds) + "; " + d.considered[d.chosen].name + " takes " +
                 microseconds(d.considered[d.chosen].seconds);
  return d;
}

std::string backend_selection::cache_key(const Problem& p, const Constraints& constraints) {
  std::string key;
  const auto add = [&](std::int64_t number) { key += std::to_string(number) + " "; };
  for (const int extent : {p.batch, p.heads, p.kv_heads, p.q_len, p.kv_len, p.head_dim}) add(extent);
  add(static_cast<int>(p.mask)), add(p.boolean_mask), add(p.bias), add(static_cast<int>(p.dtype));
  add(constraints.memory_bytes), add(std::ssize(constraints.devices));
  for (const Device device : constraints.devices) add(static_cast<int>(device));
  return key + constraints.force;  // last: whatever it holds, nothing follows that it could be taken for
}

Decision Selector::select(const Problem& problem, const Constraints& constraints) {
  const std::string key = cache_key(problem, constraints);
  const std::lock_guard lock(mutex_);  // held while deciding, so that nobody decides the same question meanwhile
  if (const auto found = decisions_.find(key); found != decisions_.end()) return found->second;
  const Decision& decision = decisions_[key] = select_backend(candidates_, problem, constraints);
  ++decided_;
  return decision;
}

std::vector<Decision> backend_selection::select_all(Selector& selector, const std::vector<Problem>& problems,
                                                    const Constraints& constraints, int threads) {
  if (threads < 1) throw std::invalid_argument("[select_all] threads must be >= 1; found " + std::to_string(threads));
  std::vector<Decision> decisions(problems.size());
  std::vector<std::exception_ptr> thrown(threads);
  const auto work = [&](int thread) {
    try {
      for (std::size_t i = thread; i < problems.size(); i += threads)
        decisions[i] = selector.select(problems[i], constraints);
    } catch (...) {
      thrown[thread] = std::current_exception();  // one that leaves a thread ends the program
    }
  };
  std::vector<std::thread> running;
  for (int thread = 0; thread < threads; ++thread) running.emplace_back(work, thread);
  for (std::thread& one : running) one.join();
  for (const std::exception_ptr& each : thrown)
    if (each) std::rethrow_exception(each);
  return decisions;
}
