#include "common/bench/reference.h"

#include <Eigen/Dense>

#include "common/tensor/random.h"

namespace workbook::bench {

namespace {

using Matrix64 = MatrixOf<double>;

void softmax_of_visible(Matrix64& scores) {
  for (Eigen::Index i = 0; i < scores.rows(); ++i) {
    auto seen = scores.row(i).head(i + 1);
    seen = (seen.array() - seen.maxCoeff()).exp().matrix();
    seen /= seen.sum();
    scores.row(i).tail(scores.cols() - i - 1).setZero();
  }
}

}  // namespace

Tensor64 reference_layer(const Tensor64& x, const oracle::LayerWeights& weights, std::int64_t heads,
                         std::int64_t kv_heads) {
  const std::int64_t head_dim = weights.w_q.dim(1) / heads;
  const std::int64_t n_rep = heads / kv_heads;
  Tensor64 out(x.shape());
  for (std::int64_t b = 0; b < x.dim(0); ++b) {
    const Matrix64 q = x.matrix(b) * weights.w_q.matrix();
    const Matrix64 k = x.matrix(b) * weights.w_k.matrix();
    const Matrix64 v = x.matrix(b) * weights.w_v.matrix();
    Matrix64 attended(q.rows(), q.cols());
    for (std::int64_t h = 0; h < heads; ++h) {
      const auto head = [&](const Matrix64& all, std::int64_t index) {
        return all.middleCols(index * head_dim, head_dim);
      };
      Matrix64 scores = head(q, h) * head(k, h / n_rep).transpose() / std::sqrt(static_cast<double>(head_dim));
      softmax_of_visible(scores);
      attended.middleCols(h * head_dim, head_dim).noalias() = scores * head(v, h / n_rep);
    }
    out.matrix(b).noalias() = attended * weights.w_o.matrix();
  }
  return out;
}

void check_reference() {
  Random random(7);
  const auto draw = [&](const Shape& shape) { return to_double(random.normal(shape)); };
  const std::int64_t heads = 6, kv_heads = 2, head_dim = 5, seq = 11, d_model = 7;
  const Tensor64 x = draw({2, seq, d_model});
  const oracle::LayerWeights weights{draw({d_model, heads * head_dim}), draw({d_model, kv_heads * head_dim}),
                                     draw({d_model, kv_heads * head_dim}), draw({heads * head_dim, d_model})};
  const Tensor64 expected =
      oracle::attention_layer(x, weights, heads, kv_heads, {.visible = oracle::visible(Mask::causal, seq, seq)});
  if (!compare(reference_layer(x, weights, heads, kv_heads), expected, {1e-10, 0, "double"}).ok())
    throw std::logic_error("the benchmark's reference differs from the oracle; no figure of it can be trusted");
}

}  // namespace workbook::bench
