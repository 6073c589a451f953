// Mistake: -inf is taken off -inf.
// Caught by: "masked keys weigh nothing, wherever they come"  [basic]
// Told as: "has max -inf, and -inf - (-inf) is NaN"
#include "online_softmax.h"

using namespace workbook;
using namespace workbook::online_softmax;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// exp(x - max), and 0 for a masked x, also where max is -inf because nothing else has been seen.
float weight(float x, float max) { return std::exp(x - max); }

}  // namespace

Normalizer online_softmax::extend(const Normalizer& seen, std::span<const float> logits) {
  float max = seen.max;
  for (const float x : logits) max = std::max(max, x);
  // The past behaves like a single key whose logit is its maximum and that counts `sum` times.
  float sum = seen.sum * weight(seen.max, max);
  for (const float x : logits) sum += weight(x, max);
  return {max, sum};
}

Normalizer online_softmax::merge(const Normalizer& a, const Normalizer& b) {
  const float max = std::max(a.max, b.max);
  return {max, a.sum * weight(a.max, max) + b.sum * weight(b.max, max)};
}

PartialAttention online_softmax::attend(const Tensor& q, const Tensor& k, const Tensor& v, int first, int count) {
  Tensor weights({1, count});
  matmul_nt(q.matrix(), rows(k.matrix(), first, count), weights.matrix(), 1 / std::sqrt(static_cast<float>(q.dim(1))));
  PartialAttention part{.weighted = Tensor(q.shape())};
  for (const float x : weights.values()) part.max = std::max(part.max, x);
  for (float& x : weights.values()) part.sum += x = weight(x, part.max);
  matmul(weights.matrix(), rows(v.matrix(), first, count), part.weighted.matrix());
  return part;
}

PartialAttention online_softmax::merge_attention(const PartialAttention& a, const PartialAttention& b) {
  const float max = std::max(a.max, b.max);
  const float of_a = weight(a.max, max), of_b = weight(b.max, max);
  PartialAttention whole{max, of_a * a.sum + of_b * b.sum, Tensor(a.weighted.shape())};
  for (std::int64_t d = 0; d < whole.weighted.size(); ++d)
    whole.weighted.at(0, d) = of_a * a.weighted.at(0, d) + of_b * b.weighted.at(0, d);
  return whole;
}

Tensor online_softmax::one_pass_attention(const Tensor& q, const Tensor& k, const Tensor& v, int chunk) {
  if (chunk < 1) throw std::invalid_argument("[one_pass_attention] chunk must be >= 1; found " + std::to_string(chunk));
  const int kv_len = static_cast<int>(k.dim(0));
  PartialAttention seen{.weighted = Tensor(q.shape())};
  for (int first = 0; first < kv_len; first += chunk)
    seen = merge_attention(seen, attend(q, k, v, first, std::min(chunk, kv_len - first)));
  // The only division: until here, everything was a sum, and sums can be rescaled and merged.
  if (seen.sum != 0)
    for (float& x : seen.weighted.values()) x /= seen.sum;
  return seen.weighted;
}
