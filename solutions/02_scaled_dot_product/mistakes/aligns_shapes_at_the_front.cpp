// Mistake: shapes are aligned at their first axes, so a mask without a batch axis meets the wrong one.
// Caught by: "shapes are aligned at their last axes"  [basic]
// Told as: "aligned at their first axes"
#include "scaled_dot_product.h"

using namespace workbook;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<std::int64_t> extents(const Shape& shape) { return {shape.extents().begin(), shape.extents().end()}; }

std::string text(const std::vector<std::int64_t>& shape) { return to_string(Shape(shape)); }

/// A tensor read as if it had the four axes of the scores. An axis that it lacks, or that has extent 1, is passed with
/// stride 0: the same elements serve for all indices, and nothing is copied.
template <class T>
struct Broadcast {
  Broadcast(const char* name, const TensorOf<T>& tensor, const Shape& scores) : data(tensor.data()) {
    const std::vector<std::int64_t> own = extents(tensor.shape()), all = extents(scores);
    if (scaled_dot_product::broadcast_shape(own, all) != all)
      throw std::invalid_argument(std::string("[apply_masks] expected ") + name + " to fit the scores " + text(all) +
                                  " without making them grow; found " + text(own));
    std::int64_t step = 1;
    for (std::size_t axis = own.size(), full = 4; axis-- > 0;) {
      stride[--full] = own[axis] == 1 ? 0 : step;
      step *= own[axis];
    }
  }

  T at(std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t j) const {
    return data[b * stride[0] + h * stride[1] + i * stride[2] + j * stride[3]];
  }

  const T* data;
  std::array<std::int64_t, 4> stride{};
};

}  // namespace

Tensor scaled_dot_product::scaled_scores(const Tensor& q, const Tensor& k, std::optional<float> scale) {
  Tensor scores({q.dim(0), q.dim(1), q.dim(2), k.dim(2)});
  const float factor = scale.value_or(1 / std::sqrt(static_cast<float>(q.dim(3))));
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h) matmul_nt(q.matrix(b, h), k.matrix(b, h), scores.matrix(b, h), factor);
  return scores;
}

std::vector<std::int64_t> scaled_dot_product::broadcast_shape(const std::vector<std::int64_t>& a,
                                                              const std::vector<std::int64_t>& b) {
  std::vector<std::int64_t> result(std::max(a.size(), b.size()), 1);
  for (std::size_t axis = 0; axis < result.size(); ++axis) {
    const std::int64_t x = axis < a.size() ? a[axis] : 1;
    const std::int64_t y = axis < b.size() ? b[axis] : 1;
    if (x != y && x != 1 && y != 1)
      throw std::invalid_argument("[broadcast_shape] expected extents that are equal or 1; found " + text(a) + " and " +
                                  text(b));
    result[axis] = x == 1 ? y : x;  // not the larger one: 0 beside 1 is 0
  }
  return result;
}

Tensor scaled_dot_product::apply_masks(const Tensor& scores, const Masks& masks) {
  std::optional<Broadcast<bool>> allowed;
  std::optional<Broadcast<float>> bias;
  if (masks.allowed) allowed.emplace("allowed", *masks.allowed, scores.shape());
  if (masks.bias) bias.emplace("bias", *masks.bias, scores.shape());
  const std::int64_t kv_len = scores.dim(3), shift = kv_len - scores.dim(2);

  Tensor masked(scores.shape());
  for (std::int64_t b = 0; b < scores.dim(0); ++b)
    for (std::int64_t h = 0; h < scores.dim(1); ++h)
      for (std::int64_t i = 0; i < scores.dim(2); ++i)
        for (std::int64_t j = 0; j < kv_len; ++j) {
          const bool hidden = (masks.mask == Mask::causal && j > i + shift) || (allowed && !allowed->at(b, h, i, j));
          const float score = scores.at(b, h, i, j);
          masked.at(b, h, i, j) = hidden ? -kInfinity : bias ? score + bias->at(b, h, i, j) : score;
        }
  return masked;
}

Tensor scaled_dot_product::softmax(const Tensor& scores) {
  Tensor weights(scores.shape());
  for (std::int64_t b = 0; b < scores.dim(0); ++b)
    for (std::int64_t h = 0; h < scores.dim(1); ++h)
      for (std::int64_t i = 0; i < scores.dim(2); ++i) {
        const auto row = scores.row(b, h, i);
        float largest = -kInfinity, sum = 0;
        for (const float x : row) largest = std::max(largest, x);
        const float shift = std::isfinite(largest) ? largest : 0;
        const auto weight = weights.row(b, h, i);
        for (std::size_t j = 0; j < row.size(); ++j) sum += weight[j] = std::exp(row[j] - shift);
        if (sum == 0) continue;  // sees no key: zeros, not 0 / 0
        for (float& w : weight) w /= sum;
      }
  return weights;
}

scaled_dot_product::Attended scaled_dot_product::scaled_dot_product_attention(const Tensor& q, const Tensor& k,
                                                                              const Tensor& v, const Masks& masks,
                                                                              std::optional<float> scale) {
  // One name for the result of every step: each assignment frees the tensor before it, so two live at once, not four.
  Tensor weights = scaled_scores(q, k, scale);
  weights = apply_masks(weights, masks);
  weights = softmax(weights);
  Tensor out(q.shape());
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h) matmul(weights.matrix(b, h), v.matrix(b, h), out.matrix(b, h));
  return {std::move(out), std::move(weights)};
}

scaled_dot_product::Footprint scaled_dot_product::footprint(const AttentionShape& shape) {
  const std::int64_t row = std::int64_t{shape.batch} * shape.heads * shape.bytes_per_element;
  const std::int64_t queries = row * shape.q_len * shape.head_dim;  // and as much for out
  const std::int64_t keys = row * shape.kv_len * shape.head_dim;    // and as much for the values
  const std::int64_t scores = row * shape.q_len * shape.kv_len;     // the only one with two lengths
  return {.inputs = queries + 2 * keys, .scores = scores, .total = 2 * queries + 2 * keys + 2 * scores};
}
