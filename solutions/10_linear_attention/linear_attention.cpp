#include "linear_attention.h"

using namespace workbook;
using namespace workbook::linear_attention;

namespace {

using ConstArray = Eigen::Map<const Eigen::ArrayXf>;
using Array = Eigen::Map<Eigen::ArrayXf>;

ConstArray array(std::span<const float> x) { return {x.data(), std::ssize(x)}; }
Array array(std::span<float> x) { return {x.data(), std::ssize(x)}; }

/// The features of one query or key. Eigen's exp is several times faster than std::exp, and its smallest value, 3e-39,
/// is small enough here.
void map_row(std::span<const float> x, std::span<float> phi, FeatureMap map) {
  if (map == FeatureMap::elu_plus_one) {
    array(phi) = array(x).max(0.f) + array(x).min(0.f).exp();  // x + exp(0), or 0 + exp(x)
    return;
  }
  array(phi) = (array(x) - array(x).maxCoeff()).exp();
  array(phi) /= array(phi).sum();
}

float dot(std::span<const float> a, std::span<const float> b) { return (array(a) * array(b)).sum(); }

/// out += factor x
void add(std::span<float> out, std::span<const float> x, float factor = 1) {
  for (std::size_t e = 0; e < out.size(); ++e) out[e] += factor * x[e];
}

void divide(std::span<float> out, float denominator) {
  if (denominator != 0) array(out) /= denominator;
}

std::span<float> row(View view, std::int64_t i) {
  return {view.data() + i * view.outerStride(), std::size_t(view.cols())};
}

/// All that a head remembers of its keys and values: as large after a million of them as after one.
struct State {
  View s;              // [head_dim, value_dim]: the sum of phi(k_j) v_j^T
  std::span<float> z;  // [head_dim]: the sum of phi(k_j)

  void clear() {
    for (std::int64_t c = 0; c < s.rows(); ++c) std::ranges::fill(row(s, c), 0.f);
    std::ranges::fill(z, 0.f);
  }
  void write(std::span<const float> phi_k, std::span<const float> v) {
    for (std::size_t c = 0; c < phi_k.size(); ++c) add(row(s, c), v, phi_k[c]);
    add(z, phi_k);
  }
  /// out, which is zeros, becomes what the query finds.
  void read(std::span<const float> phi_q, std::span<float> out) const {
    for (std::size_t c = 0; c < phi_q.size(); ++c) add(out, row(s, c), phi_q[c]);
    divide(out, dot(phi_q, z));
  }
};

/// The positions that are worked on at a time.
struct Chunk {
  Tensor phi_q, phi_k;  // [chunk, head_dim]
  Tensor weights;       // [chunk, chunk]
};

/// One chunk of a head meets the past, then itself pair by pair, and is past.
void attend(Chunk& chunk, State& past, ConstView v, View out) {
  const std::int64_t count = v.rows();
  View phi_q = rows(chunk.phi_q.matrix(), 0, count), phi_k = rows(chunk.phi_k.matrix(), 0, count);
  View weights = columns(rows(chunk.weights.matrix(), 0, count), 0, count);
  matmul_nt(phi_q, phi_k, weights);
  for (std::int64_t i = 0; i < count; ++i) std::ranges::fill(row(weights, i).subspan(i + 1), 0.f);
  matmul(phi_q, past.s, out);
  matmul(weights, v, out, 1, 1);
  for (std::int64_t i = 0; i < count; ++i) {
    divide(row(out, i), dot(row(phi_q, i), past.z) + array(row(weights, i)).sum());
  }
  matmul_tn(phi_k, v, past.s, 1, 1);
  for (std::int64_t i = 0; i < count; ++i) add(past.z, row(phi_k, i));
}

/// Zeros for the output: as q, but as wide as v.
Tensor output_for(const Tensor& q, const Tensor& v) { return Tensor({q.dim(0), q.dim(1), q.dim(2), v.dim(3)}); }

}  // namespace

Tensor linear_attention::feature_map(const Tensor& x, FeatureMap map) {
  Tensor phi(x.shape());
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t i = 0; i < x.dim(2); ++i) map_row(x.row(b, h, i), phi.row(b, h, i), map);
  return phi;
}

Tensor linear_attention::noncausal_attention(const Tensor& q, const Tensor& k, const Tensor& v, FeatureMap map) {
  Tensor out = output_for(q, v);
  Tensor s({q.dim(3), v.dim(3)}), z({q.dim(3)});
  State state{s.matrix(), z.values()};
  std::vector<float> phi(q.dim(3));
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h) {
      state.clear();
      for (std::int64_t j = 0; j < k.dim(2); ++j) {
        map_row(k.row(b, h, j), phi, map);
        state.write(phi, v.row(b, h, j));
      }
      for (std::int64_t i = 0; i < q.dim(2); ++i) {
        map_row(q.row(b, h, i), phi, map);
        state.read(phi, out.row(b, h, i));
      }
    }
  return out;
}

Tensor linear_attention::causal_running_state(const Tensor& q, const Tensor& k, const Tensor& v, FeatureMap map) {
  Tensor out = output_for(q, v);
  Tensor s({q.dim(3), v.dim(3)}), z({q.dim(3)});
  State state{s.matrix(), z.values()};
  std::vector<float> phi(q.dim(3));
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h) {
      state.clear();
      for (std::int64_t i = 0; i < q.dim(2); ++i) {
        map_row(k.row(b, h, i), phi, map);
        state.write(phi, v.row(b, h, i));  // before the query reads: it sees its own key
        map_row(q.row(b, h, i), phi, map);
        state.read(phi, out.row(b, h, i));
      }
    }
  return out;
}

Tensor linear_attention::causal_cumulative_sum(const Tensor& q, const Tensor& k, const Tensor& v, FeatureMap map) {
  const std::int64_t seq = q.dim(2), head_dim = q.dim(3);
  Tensor out = output_for(q, v);
  Tensor s({seq, head_dim, v.dim(3)}), z({seq, head_dim});  // used again by the next head
  const auto after = [&](std::int64_t i) { return State{s.matrix(i), z.row(i)}; };
  std::vector<float> phi(head_dim);
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h) {
      for (std::int64_t i = 0; i < seq; ++i) {
        State state = after(i);
        if (i == 0) state.clear();
        if (i > 0) state.s = after(i - 1).s;
        if (i > 0) std::ranges::copy(after(i - 1).z, state.z.begin());
        map_row(k.row(b, h, i), phi, map);
        state.write(phi, v.row(b, h, i));
      }
      for (std::int64_t i = 0; i < seq; ++i) {
        map_row(q.row(b, h, i), phi, map);
        after(i).read(phi, out.row(b, h, i));
      }
    }
  return out;
}

Tensor linear_attention::causal_chunked(const Tensor& q, const Tensor& k, const Tensor& v,
                                        const ChunkOptions& options) {
  if (options.chunk < 1)
    throw std::invalid_argument("[causal_chunked] chunk must be >= 1; found " + std::to_string(options.chunk));
  const std::int64_t seq = q.dim(2), head_dim = q.dim(3), chunk = std::min<std::int64_t>(options.chunk, seq);
  Tensor out = output_for(q, v);
  Tensor s({head_dim, v.dim(3)}), z({head_dim});
  State past{s.matrix(), z.values()};
  Chunk work{Tensor({chunk, head_dim}), Tensor({chunk, head_dim}), Tensor({chunk, chunk})};
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h) {
      past.clear();
      for (std::int64_t first = 0; first < seq; first += chunk) {
        const std::int64_t count = std::min(chunk, seq - first);
        for (std::int64_t i = 0; i < count; ++i) {
          map_row(q.row(b, h, first + i), work.phi_q.row(i), options.map);
          map_row(k.row(b, h, first + i), work.phi_k.row(i), options.map);
        }
        attend(work, past, rows(v.matrix(b, h), first, count), rows(out.matrix(b, h), first, count));
      }
    }
  return out;
}

std::int64_t linear_attention::held_bytes(Form form, const Problem& problem) {
  const std::int64_t seq = problem.seq, chunk = problem.chunk;  // 64 bits from the first factor on
  const std::int64_t state = std::int64_t{problem.head_dim} * (std::int64_t{problem.value_dim} + 1);
  std::int64_t floats = 0;
  if (form == Form::scores) floats = seq * seq;
  if (form == Form::cumulative_sum) floats = seq * state;
  if (form == Form::running_state) floats = state;
  if (form == Form::chunked) floats = state + chunk * chunk;
  return floats * std::int64_t{sizeof(float)};
}

std::int64_t linear_attention::flops(Form form, const Problem& problem) {
  const std::int64_t seq = problem.seq, chunk = problem.chunk, head_dim = problem.head_dim;
  const std::int64_t pair = 2 * (head_dim + problem.value_dim), position = 4 * head_dim * problem.value_dim;
  const auto pairs = [](std::int64_t n) { return n * (n + 1) / 2; };
  if (form == Form::scores) return pairs(seq) * pair;
  if (form == Form::chunked)
    return seq * position + (seq / chunk * pairs(chunk) + pairs(seq % chunk)) * pair;  // the last may be shorter
  return seq * position;
}
