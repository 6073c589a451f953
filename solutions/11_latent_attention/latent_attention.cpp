#include "latent_attention.h"

using namespace workbook;
using namespace workbook::latent_attention;

namespace {

/// One row at its position.
void rotate(std::span<float> row, std::int64_t position) {
  for (std::size_t c = 0; c + 1 < row.size(); c += 2) {
    const double angle = position * std::pow(10000.0, -static_cast<double>(c) / row.size());  // c is 2c of the formula
    const auto cosine = static_cast<float>(std::cos(angle)), sine = static_cast<float>(std::sin(angle));
    const float a = row[c], b = row[c + 1];
    row[c] = a * cosine - b * sine;
    row[c + 1] = a * sine + b * cosine;
  }
}

/// Scores become weights; query i of q_len sees the keys up to its own position.
void causal_softmax(View scores) {
  for (std::int64_t i = 0; i < scores.rows(); ++i) {
    const std::span<float> row(scores.data() + i * scores.outerStride(), scores.cols());
    const std::int64_t visible = std::max<std::int64_t>(i + 1 + scores.cols() - scores.rows(), 0);
    const auto seen = row.first(visible);
    std::ranges::fill(row.subspan(visible), 0.f);
    if (seen.empty()) continue;
    const float largest = *std::ranges::max_element(seen);
    float sum = 0;
    for (float& score : seen) sum += score = std::exp(score - largest);
    for (float& weight : seen) weight /= sum;
  }
}

/// Where a head's channels lie, and how wide they are.
struct Widths {
  std::int64_t head_dim, rope_dim, value_dim, kv_rank;
  float scale;

  Widths(const Tensor& q, const Tensor& w_uk, const Tensor& w_uv)
      : head_dim(w_uk.dim(1) / q.dim(1)),
        rope_dim(q.dim(3) - head_dim),
        value_dim(w_uv.dim(1) / q.dim(1)),
        kv_rank(w_uk.dim(0)),
        scale(1 / std::sqrt(static_cast<float>(head_dim + rope_dim))) {}
};

}  // namespace

Tensor latent_attention::rope(const Tensor& x, std::int64_t first_position) {
  Tensor out = x;
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t i = 0; i < x.dim(2); ++i) rotate(out.row(b, h, i), first_position + i);
  return out;
}

LatentCache latent_attention::compress(const Tensor& x, const LayerWeights& weights, std::int64_t first_position) {
  const std::int64_t batch = x.dim(0), seq = x.dim(1);
  LatentCache cache{Tensor({batch, seq, weights.w_dkv.dim(1)}), Tensor({batch, seq, weights.w_kr.dim(1)})};
  for (std::int64_t b = 0; b < batch; ++b) {
    matmul(x.matrix(b), weights.w_dkv.matrix(), cache.latent.matrix(b));
    matmul(x.matrix(b), weights.w_kr.matrix(), cache.rope_key.matrix(b));
    for (std::int64_t i = 0; i < seq; ++i) rotate(cache.rope_key.row(b, i), first_position + i);
  }
  return cache;
}

Tensor latent_attention::queries(const Tensor& x, const LayerWeights& weights, int heads, std::int64_t first_position) {
  const std::int64_t seq = x.dim(1), width = weights.w_uq.dim(1) / heads, rope_dim = weights.w_kr.dim(1);
  Tensor q({x.dim(0), heads, seq, width});
  Tensor down({seq, weights.w_dq.dim(1)});
  for (std::int64_t b = 0; b < x.dim(0); ++b) {
    matmul(x.matrix(b), weights.w_dq.matrix(), down.matrix());
    for (std::int64_t h = 0; h < heads; ++h) {
      matmul(down.matrix(), columns(weights.w_uq.matrix(), h * width, width), q.matrix(b, h));
      for (std::int64_t i = 0; i < seq; ++i) rotate(q.row(b, h, i).last(rope_dim), first_position + i);
    }
  }
  return q;
}

Tensor latent_attention::expanded_attention(const Tensor& q, const LatentCache& cache, const Tensor& w_uk,
                                            const Tensor& w_uv) {
  const Widths width(q, w_uk, w_uv);
  const std::int64_t q_len = q.dim(2), kv_len = cache.latent.dim(1);
  Tensor out({q.dim(0), q.dim(1), q_len, width.value_dim});
  Tensor k({kv_len, width.head_dim}), v({kv_len, width.value_dim}), scores({q_len, kv_len});
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h) {
      matmul(cache.latent.matrix(b), columns(w_uk.matrix(), h * width.head_dim, width.head_dim), k.matrix());
      matmul(cache.latent.matrix(b), columns(w_uv.matrix(), h * width.value_dim, width.value_dim), v.matrix());
      matmul_nt(columns(q.matrix(b, h), 0, width.head_dim), k.matrix(), scores.matrix(), width.scale);
      matmul_nt(columns(q.matrix(b, h), width.head_dim, width.rope_dim), cache.rope_key.matrix(b), scores.matrix(),
                width.scale, 1);
      causal_softmax(scores.matrix());
      matmul(scores.matrix(), v.matrix(), out.matrix(b, h));
    }
  return out;
}

Tensor latent_attention::absorbed_attention(const Tensor& q, const LatentCache& cache, const Tensor& w_uk,
                                            const Tensor& w_uv) {
  const Widths width(q, w_uk, w_uv);
  const std::int64_t q_len = q.dim(2), kv_len = cache.latent.dim(1);
  Tensor out({q.dim(0), q.dim(1), q_len, width.value_dim});
  Tensor latent_q({q_len, width.kv_rank}), latent_out({q_len, width.kv_rank}), scores({q_len, kv_len});
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h) {
      // q (c w_uk)^T is (q w_uk^T) c^T: the query becomes as wide as a latent, and no latent becomes a key.
      matmul_nt(columns(q.matrix(b, h), 0, width.head_dim), columns(w_uk.matrix(), h * width.head_dim, width.head_dim),
                latent_q.matrix());
      matmul_nt(latent_q.matrix(), cache.latent.matrix(b), scores.matrix(), width.scale);
      matmul_nt(columns(q.matrix(b, h), width.head_dim, width.rope_dim), cache.rope_key.matrix(b), scores.matrix(),
                width.scale, 1);
      causal_softmax(scores.matrix());
      matmul(scores.matrix(), cache.latent.matrix(b), latent_out.matrix());
      matmul(latent_out.matrix(), columns(w_uv.matrix(), h * width.value_dim, width.value_dim), out.matrix(b, h));
    }
  return out;
}

Tensor latent_attention::forward(const Tensor& x, const LayerWeights& weights, int heads, Form form) {
  const Tensor q = queries(x, weights, heads, 0);
  const LatentCache cache = compress(x, weights, 0);
  const Tensor attended = form == Form::expanded ? expanded_attention(q, cache, weights.w_uk, weights.w_uv)
                                                 : absorbed_attention(q, cache, weights.w_uk, weights.w_uv);
  Tensor out(x.shape());
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < heads; ++h)
      matmul(attended.matrix(b, h), rows(weights.w_o.matrix(), h * attended.dim(3), attended.dim(3)), out.matrix(b), 1,
             1);
  return out;
}

std::int64_t latent_attention::cache_bytes_per_token(Scheme scheme, const Model& model) {
  const std::int64_t keys_and_values = 2 * std::int64_t{model.head_dim};
  std::int64_t elements = 0;
  if (scheme == Scheme::multi_head) elements = model.heads * keys_and_values;
  if (scheme == Scheme::grouped_query) elements = model.kv_heads * keys_and_values;
  if (scheme == Scheme::multi_query) elements = keys_and_values;
  if (scheme == Scheme::latent) elements = std::int64_t{model.kv_rank} + model.rope_dim;  // once, for keys and values
  return elements * model.layers * model.bytes_per_element;
}

std::int64_t latent_attention::flops(Form form, const Problem& problem) {
  const std::int64_t pairs = std::int64_t{problem.q_len} * problem.kv_len, kv_rank = problem.kv_rank;
  const std::int64_t up = 2 * kv_rank * (std::int64_t{problem.head_dim} + problem.value_dim);
  if (form == Form::expanded)
    return problem.kv_len * up + 2 * pairs * (std::int64_t{problem.head_dim} + problem.rope_dim + problem.value_dim);
  return problem.q_len * up + 2 * pairs * (kv_rank + problem.rope_dim + kv_rank);
}
