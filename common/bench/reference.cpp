#include "common/bench/reference.h"

#include <Eigen/Dense>
#include <thread>

#include "common/bench/inputs.h"
#include "common/bench/parallel.h"
#include "common/bench/rope.h"
#include "common/oracle/attention.h"
#include "common/oracle/attention_backward.h"
#include "common/tensor/random.h"

namespace workbook::bench {

namespace {

using attention_layer::Input;
using attention_layer::Projections;
using Matrix64 = MatrixOf<double>;
using Head64 = ConstViewOf<double>;
constexpr std::int64_t kBlock = 256;  // queries that are worked on at a time: bounds the scores in memory

int cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

double scale_of(const Head64& q) { return 1 / std::sqrt(static_cast<double>(q.cols())); }

/// What queries [first, first + count) give to each key, in rows.
Matrix64 weights_of_block(const Head64& q, const Head64& k, Mask mask, std::int64_t first, std::int64_t count) {
  Matrix64 weights = scale_of(q) * q.middleRows(first, count) * k.transpose();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t seen = mask == Mask::none ? k.rows() : first + i + 1 + k.rows() - q.rows();
    auto row = weights.row(i).head(seen);
    row = (row.array() - row.maxCoeff()).exp().matrix();
    row /= row.sum();
    weights.row(i).tail(k.rows() - seen).setZero();
  }
  return weights;
}

void softmax_head(const Head64& q, const Head64& k, const Head64& v, Mask mask, ViewOf<double> out) {
  for (std::int64_t first = 0; first < q.rows(); first += kBlock) {
    const std::int64_t count = std::min<std::int64_t>(kBlock, q.rows() - first);
    out.middleRows(first, count).noalias() = weights_of_block(q, k, mask, first, count) * v;
  }
}

/// What a training step makes of one head; dk and dv are added to.
struct HeadGradients {
  ViewOf<double> output, dq, dk, dv;
};

void training_head(const Head64& q, const Head64& k, const Head64& v, const Head64& d_output, Mask mask,
                   HeadGradients to) {
  for (std::int64_t first = 0; first < q.rows(); first += kBlock) {
    const std::int64_t count = std::min<std::int64_t>(kBlock, q.rows() - first);
    const Matrix64 p = weights_of_block(q, k, mask, first, count);
    Matrix64 ds = d_output.middleRows(first, count) * v.transpose();
    const Eigen::VectorXd means = p.cwiseProduct(ds).rowwise().sum();
    ds = scale_of(q) * p.cwiseProduct(ds.colwise() - means);
    to.output.middleRows(first, count).noalias() = p * v;
    to.dq.middleRows(first, count).noalias() = ds * k;
    to.dk.noalias() += ds.transpose() * q.middleRows(first, count);
    to.dv.noalias() += p.transpose() * d_output.middleRows(first, count);
  }
}

/// Rows become features: elu(x) + 1 channel by channel, or a softmax over the channels.
Matrix64 features(const Head64& x, Formula formula) {
  if (formula == Formula::linear) return (x.array() > 0).select(x.array() + 1, x.array().min(0).exp());
  Matrix64 phi = (x.colwise() - x.rowwise().maxCoeff()).array().exp();
  phi.array().colwise() /= phi.rowwise().sum().array().eval();
  return phi;
}

void linear_head(const Head64& q, const Head64& k, const Head64& v, Mask mask, Formula formula, ViewOf<double> out) {
  const Matrix64 phi_q = features(q, formula), phi_k = features(k, formula);
  Matrix64 state = Matrix64::Zero(q.cols(), v.cols());
  Eigen::RowVectorXd normaliser = Eigen::RowVectorXd::Zero(q.cols());
  std::int64_t added = 0;
  for (std::int64_t i = 0; i < q.rows(); ++i) {
    const std::int64_t seen = mask == Mask::none ? k.rows() : i + 1 + k.rows() - q.rows();
    for (; added < seen; ++added) {
      state.noalias() += phi_k.row(added).transpose() * v.row(added);
      normaliser += phi_k.row(added);
    }
    const double sum = normaliser.dot(phi_q.row(i));
    out.row(i).noalias() = phi_q.row(i) * state / (sum == 0 ? 1 : sum);
  }
}

/// x w over all tokens, on all cores.
Tensor64 project(const Tensor64& x, const Tensor64& w) {
  const std::int64_t inputs = x.dim(-1), tokens = x.size() / inputs;
  const Head64 rows(x.data(), tokens, inputs, Eigen::OuterStride<>(inputs));
  Tensor64 out({tokens, w.dim(1)});
  in_parallel(cores(), [&](std::int64_t part) {
    const auto [first, last] = share(tokens, cores(), part);
    out.matrix().middleRows(first, last - first).noalias() = rows.middleRows(first, last - first) * w.matrix();
  });
  return out;
}

Tensor64 project(const Tensor64& x, Input weight, const Extents& e) { return project(x, to_double(make(weight, e))); }

/// [batch * seq, heads * channels] -> [batch, heads, seq, channels].
Tensor64 split(const Tensor64& x, std::int64_t batch, std::int64_t heads) {
  return oracle::split_heads(x.reshaped({batch, x.dim(0) / batch, x.dim(1)}), heads);
}

/// The channels of b behind those of a, head by head; b may have one head for all.
Tensor64 behind(const Tensor64& a, const Tensor64& b) {
  Tensor64 out({a.dim(0), a.dim(1), a.dim(2), a.dim(3) + b.dim(3)});
  for (std::int64_t n = 0; n < a.dim(0); ++n)
    for (std::int64_t h = 0; h < a.dim(1); ++h)
      for (std::int64_t i = 0; i < a.dim(2); ++i) {
        std::ranges::copy(a.row(n, h, i), out.row(n, h, i).begin());
        std::ranges::copy(b.row(n, b.dim(1) == 1 ? 0 : h, i), out.row(n, h, i).begin() + a.dim(3));
      }
  return out;
}

void rotate_last(Tensor64& x, std::int64_t channels) {
  for (std::int64_t n = 0; n < x.dim(0); ++n)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t i = 0; i < x.dim(2); ++i) rotate(x.row(n, h, i).last(static_cast<std::size_t>(channels)), i);
}

/// The heads' results, [batch, heads, q_len, head_dim].
Tensor64 latent_heads(const Tensor64& x, const Config& c) {
  const Extents& e = c.extents;
  const auto latent = attention_layer::latent_shape(e);
  Tensor64 q = split(project(project(x, Input::w_dq, e), Input::w_uq, e), e.batch, e.heads);
  rotate_last(q, latent.rope_dim);
  const Tensor64 compressed = project(x, Input::w_dkv, e);
  Tensor64 rotated = split(project(x, Input::w_kr, e), e.batch, 1);
  rotate_last(rotated, latent.rope_dim);
  const Tensor64 k = behind(split(project(compressed, Input::w_uk, e), e.batch, e.heads), rotated);
  const Tensor64 v = split(project(compressed, Input::w_uv, e), e.batch, e.heads);
  return reference_attention(q, k, v, c.mask, Formula::softmax, cores());
}

Tensor64 made(Input input, const Extents& e) { return to_double(make(input, e)); }

/// Output, dq, dk and dv. A KV head's gradients are sums over its query heads, one after the other.
std::vector<Tensor64> training(const Config& c) {
  const Extents& e = c.extents;
  const Tensor64 q = made(Input::q, e), k = made(Input::k, e), v = made(Input::v, e),
                 d_output = made(Input::d_output, e);
  std::vector<Tensor64> result{Tensor64(q.shape()), Tensor64(q.shape()), Tensor64(k.shape()), Tensor64(v.shape())};
  in_parallel(cores(), [&](std::int64_t part) {
    const auto [first, last] = share(e.batch * e.kv_heads, cores(), part);
    for (std::int64_t i = first; i < last; ++i)
      for (std::int64_t r = 0; r < e.heads / e.kv_heads; ++r) {
        const std::int64_t b = i / e.kv_heads, kv = i % e.kv_heads, h = kv * (e.heads / e.kv_heads) + r;
        training_head(
            q.matrix(b, h), k.matrix(b, kv), v.matrix(b, kv), d_output.matrix(b, h), c.mask,
            {result[0].matrix(b, h), result[1].matrix(b, h), result[2].matrix(b, kv), result[3].matrix(b, kv)});
      }
  });
  return result;
}

}  // namespace

Tensor64 reference_attention(const Tensor64& q, const Tensor64& k, const Tensor64& v, Mask mask, Formula formula,
                             int threads) {
  const std::int64_t heads = q.dim(1), n_rep = heads / k.dim(1), all = q.dim(0) * heads;
  Tensor64 out({q.dim(0), heads, q.dim(2), v.dim(3)});
  in_parallel(threads, [&](std::int64_t part) {
    const auto [first, last] = share(all, threads, part);
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t b = i / heads, h = i % heads;
      const Head64 head_q = q.matrix(b, h), head_k = k.matrix(b, h / n_rep), head_v = v.matrix(b, h / n_rep);
      if (formula == Formula::softmax)
        softmax_head(head_q, head_k, head_v, mask, out.matrix(b, h));
      else
        linear_head(head_q, head_k, head_v, mask, formula, out.matrix(b, h));
    }
  });
  return out;
}

std::vector<Tensor64> reference(const Config& c, Formula formula) {
  const Extents& e = c.extents;
  if (c.projections == Projections::training) return training(c);
  if (c.projections == Projections::none)
    return {reference_attention(made(Input::q, e), made(Input::k, e), made(Input::v, e), c.mask, formula, cores())};
  const Tensor64 x = made(Input::x, e);
  Tensor64 heads;
  if (c.projections == Projections::latent) {
    heads = latent_heads(x, c);
  } else {
    const bool cross = c.projections == Projections::cross;
    const Tensor64 memory = cross ? made(Input::memory, e) : Tensor64();
    const Tensor64 q = split(project(x, Input::w_q, e), e.batch, e.heads);
    const Tensor64 k = split(project(cross ? memory : x, Input::w_k, e), e.batch, e.kv_heads);
    const Tensor64 v = split(project(cross ? memory : x, Input::w_v, e), e.batch, e.kv_heads);
    heads = reference_attention(q, k, v, c.mask, formula, cores());
  }
  const Input last = attention_layer::weights_of(c.projections).back();
  return {project(oracle::merge_heads(heads), last, e).reshaped({e.batch, e.q_len, e.d_model})};
}

void check_reference() {
  const Extents e{2, 11, 11, 7, 6, 2, 5};
  const auto weight = [&](Input input) { return made(input, e); };
  const oracle::LayerWeights weights{weight(Input::w_q), weight(Input::w_k), weight(Input::w_v), weight(Input::w_o)};
  const auto expect = [](const Tensor64& got, const Tensor64& expected) {
    if (!compare(got, expected, {1e-10, 0, "double"}).ok())
      throw std::logic_error("the benchmark's reference differs from the oracle; no figure of it can be trusted");
  };
  const oracle::Attention causal{.visible = oracle::visible(Mask::causal, e.q_len, e.kv_len)};
  expect(reference({e, Projections::separate, Mask::causal, 1}, Formula::softmax).front(),
         oracle::attention_layer(made(Input::x, e), weights, e.heads, e.kv_heads, causal));
  expect(reference({e, Projections::cross, Mask::none, 1}, Formula::softmax).front(),
         oracle::cross_attention_layer(made(Input::x, e), made(Input::memory, e), weights, e.heads, e.kv_heads));
  const Tensor64 q = made(Input::q, e), k = made(Input::k, e), v = made(Input::v, e);
  const auto trained = reference({e, Projections::training, Mask::causal, 1}, Formula::training);
  const oracle::AttentionGradients gradients =
      oracle::attention_backward(q, k, v, made(Input::d_output, e), {.visible = causal.visible, .factor = {}});
  expect(trained[0], oracle::attention(q, k, v, causal));
  expect(trained[1], gradients.dq);
  expect(trained[2], gradients.dk);
  expect(trained[3], gradients.dv);
}

}  // namespace workbook::bench
