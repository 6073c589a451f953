// Mistake: queries and keys are those of head 0 for every head; the values are their own.
// Caught by: "every head attends on its own"  [basic]
// Told as: "the weights of head 0"
#include "multi_head.h"

using namespace workbook;

namespace {

std::int64_t head_width(const char* function, std::int64_t width, int heads) {
  if (heads < 1 || width % heads != 0)
    throw std::invalid_argument(std::string("[") + function + "] expected a width that is a multiple of heads; found " +
                                std::to_string(width) + " channels and " + std::to_string(heads) + " heads");
  return width / heads;
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

Tensor project(const Tensor& x,    // [batch, seq, inputs]
               const Tensor& w) {  // [inputs, outputs] -> [batch, seq, outputs]
  Tensor out({x.dim(0), x.dim(1), w.dim(1)});
  for (std::int64_t b = 0; b < x.dim(0); ++b) matmul(x.matrix(b), w.matrix(), out.matrix(b));
  return out;
}

}  // namespace

Tensor multi_head::split_heads(const Tensor& x, int heads) {
  const std::int64_t head_dim = head_width("split_heads", x.dim(2), heads);
  Tensor out({x.dim(0), heads, x.dim(1), head_dim});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < heads; ++h) out.matrix(b, h) = columns(x.matrix(b), h * head_dim, head_dim);
  return out;
}

Tensor multi_head::merge_heads(const Tensor& x) {
  const std::int64_t head_dim = x.dim(3);
  Tensor out({x.dim(0), x.dim(2), x.dim(1) * head_dim});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h) columns(out.matrix(b), h * head_dim, head_dim) = x.matrix(b, h);
  return out;
}

Tensor multi_head::multi_head_attention(const Tensor& q, const Tensor& k, const Tensor& v, const LayerConfig& config) {
  const std::int64_t q_len = q.dim(1), kv_len = k.dim(1);
  const std::int64_t head_dim = head_width("multi_head_attention", q.dim(2), config.heads);
  const float scale = 1 / std::sqrt(static_cast<float>(head_dim));
  Tensor out(q.shape());
  Tensor scores({q_len, kv_len});  // one head's, used again by the next
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < config.heads; ++h) {
      // A head is a way to look at a matrix: matmul steps over the other heads' channels, and nothing is moved.
      const auto of_head = [&](auto matrix) { return columns(matrix, h * head_dim, head_dim); };
      matmul_nt(columns(q.matrix(b), 0, head_dim), columns(k.matrix(b), 0, head_dim), scores.matrix(), scale);
      for (std::int64_t i = 0; i < q_len; ++i) {
        const std::int64_t visible = config.mask == Mask::causal ? i + 1 + kv_len - q_len : kv_len;
        softmax(scores.row(i), std::max<std::int64_t>(visible, 0));
      }
      matmul(scores.matrix(), of_head(v.matrix(b)), of_head(out.matrix(b)));
    }
  return out;
}

Tensor multi_head::forward(const Tensor& x, const Tensor& memory, const LayerWeights& weights,
                           const LayerConfig& config) {
  head_width("forward", weights.w_q.dim(1), config.heads);  // before anything is computed
  const Tensor q = project(x, weights.w_q);
  const Tensor k = project(memory, weights.w_k);
  const Tensor v = project(memory, weights.w_v);
  return project(multi_head_attention(q, k, v, config), weights.w_o);
}

multi_head::LayerCost multi_head::layer_cost(const LayerShape& shape) {
  const std::int64_t width = std::int64_t{shape.heads} * shape.head_dim;
  const std::int64_t matrix = shape.d_model * width;
  const std::int64_t rows =
      std::int64_t{shape.batch} * (2 * std::int64_t{shape.q_len} + 2 * std::int64_t{shape.kv_len});
  const std::int64_t pairs = std::int64_t{shape.batch} * shape.q_len * shape.kv_len;
  return {.parameters = 4 * matrix,
          .projection_flops = 2 * rows * matrix,       // q and out for every query, k and v for every key
          .attention_flops = 2 * (2 * pairs * width),  // head_dim terms for every head: width, however it is cut
          .scores = pairs * shape.heads};
}
