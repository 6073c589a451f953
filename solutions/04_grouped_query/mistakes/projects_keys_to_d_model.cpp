// Mistake: keys and values are projected to as many heads as the queries, which only fits w_k and w_v of
// multi-head attention.
// Caught by: "the layer projects, attends and projects back"  [basic]
// Told as: "k and v only kv_heads * head_dim, as w_q, w_k and w_v have"
#include "grouped_query.h"

using namespace workbook;

namespace {

/// How many query heads read one KV head.
std::int64_t group_size(const char* function, std::int64_t heads, std::int64_t kv_heads) {
  if (kv_heads < 1 || heads % kv_heads != 0)
    throw std::invalid_argument(std::string("[") + function + "] expected heads to be a multiple of kv_heads; found " +
                                std::to_string(heads) + " heads and " + std::to_string(kv_heads) + " kv_heads");
  return heads / kv_heads;
}

/// Softmax of the scores that the mask lets through, which stand first; the others become 0.
void softmax(std::span<float> scores, std::int64_t visible) {
  const auto seen = scores.first(static_cast<std::size_t>(visible));
  std::ranges::fill(scores.subspan(seen.size()), 0.f);
  if (seen.empty()) return;  // no key to attend to: zeros, not 0 / 0
  const float largest = *std::ranges::max_element(seen);
  float sum = 0;
  for (float& score : seen) sum += score = std::exp(score - largest);
  for (float& score : seen) score /= sum;
}

/// hidden_states w, cut into heads: head h is columns [h * head_dim, (h + 1) * head_dim).
Tensor project(const Tensor& hidden_states,  // [batch, seq, d_model]
               const Tensor& w,              // [d_model, heads * head_dim]
               std::int64_t heads, std::int64_t head_dim) {
  const std::int64_t batch = hidden_states.dim(0), seq = hidden_states.dim(1);
  Tensor projected({seq, heads * head_dim});
  Tensor out({batch, heads, seq, head_dim});
  for (std::int64_t b = 0; b < batch; ++b) {
    matmul(hidden_states.matrix(b), w.matrix(), projected.matrix());
    for (std::int64_t h = 0; h < heads; ++h) out.matrix(b, h) = columns(projected.matrix(), h * head_dim, head_dim);
  }
  return out;
}

}  // namespace

Tensor grouped_query::repeat_kv(const Tensor& kv, int n_rep) {
  if (n_rep < 1) throw std::invalid_argument("[repeat_kv] n_rep must be >= 1; found " + std::to_string(n_rep));
  Tensor out({kv.dim(0), kv.dim(1) * n_rep, kv.dim(2), kv.dim(3)});
  for (std::int64_t b = 0; b < out.dim(0); ++b)
    for (std::int64_t h = 0; h < out.dim(1); ++h) out.matrix(b, h) = kv.matrix(b, h / n_rep);
  return out;
}

Tensor grouped_query::grouped_query_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                              const AttentionOptions& options) {
  const std::int64_t q_len = q.dim(2), kv_len = k.dim(2);
  const std::int64_t n_rep = group_size("grouped_query_attention", q.dim(1), k.dim(1));
  const float scale = options.scale.value_or(1 / std::sqrt(static_cast<float>(q.dim(3))));
  Tensor out(q.shape());
  Tensor scores({q_len, kv_len});  // one head's, used again by the next
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h) {
      // The whole lesson: what repeat_kv would copy to head h is read where it is.
      const std::int64_t kv_head = h / n_rep;
      matmul_nt(q.matrix(b, h), k.matrix(b, kv_head), scores.matrix(), scale);
      for (std::int64_t i = 0; i < q_len; ++i) {
        const std::int64_t visible = options.mask == Mask::causal ? i + 1 + kv_len - q_len : kv_len;
        softmax(scores.row(i), std::max<std::int64_t>(visible, 0));
      }
      matmul(scores.matrix(), v.matrix(b, kv_head), out.matrix(b, h));
    }
  return out;
}

Tensor grouped_query::forward(const Tensor& hidden_states, const LayerWeights& weights, const LayerConfig& config) {
  group_size("forward", config.heads, config.kv_heads);
  const Tensor q = project(hidden_states, weights.w_q, config.heads, config.head_dim);
  const Tensor k = project(hidden_states, weights.w_k, config.heads, config.head_dim);
  const Tensor v = project(hidden_states, weights.w_v, config.heads, config.head_dim);
  const Tensor attended = grouped_query_attention(q, k, v, {.mask = config.mask});

  // Heads side by side, times w_o, is the sum of each head times its own rows of w_o: nothing to concatenate.
  Tensor out(hidden_states.shape());
  for (std::int64_t b = 0; b < out.dim(0); ++b)
    for (std::int64_t h = 0; h < config.heads; ++h)
      matmul(attended.matrix(b, h), rows(weights.w_o.matrix(), h * config.head_dim, config.head_dim), out.matrix(b), 1,
             1);
  return out;
}

std::int64_t grouped_query::kv_cache_bytes(const CacheShape& shape) {
  const std::int64_t keys_and_values = 2;  // 64 bits from the first factor on: a real cache has more than 2^31 bytes
  return keys_and_values * shape.layers * shape.batch * shape.kv_heads * shape.kv_len * shape.head_dim *
         shape.bytes_per_element;
}
