// Mistake: only the scores' product is counted.
// Caught by: "intensity is FLOPs by bytes"  [basic]
// Told as: "are there two products"
#include "fused_vs_flash.h"

using namespace workbook;
using namespace workbook::fused_vs_flash;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// How many keys, from the first on, query i sees.
std::int64_t visible_keys(Mask mask, std::int64_t i, std::int64_t q_len, std::int64_t kv_len) {
  return mask == Mask::causal ? std::clamp<std::int64_t>(i + 1 + kv_len - q_len, 0, kv_len) : kv_len;
}

float scale_of(const Tensor& q) { return 1 / std::sqrt(static_cast<float>(q.dim(3))); }

/// The largest of the scores; Eigen finds it several at a time.
float largest(std::span<const float> scores) {
  return Eigen::Map<const Eigen::ArrayXf>(scores.data(), std::ssize(scores)).maxCoeff();
}

/// Scores become weights exp(score - max). @returns their sum
float exponentiate(std::span<float> scores, float max) {
  float sum = 0;
  for (float& x : scores) sum += x = std::exp(x - max);
  return sum;
}

/// What a query carries from tile to tile, beside its row of the output, which holds sums until the last tile is done.
struct Running {
  float max = -kInfinity;
  float sum = 0;
};

/// One query meets one tile: its scores become weights, 0 where it does not see the key. If its maximum grows, what it
/// has summed up so far shrinks.
void meet(std::span<float> scores, std::int64_t visible, Running& query, std::span<float> output) {
  const auto seen = scores.first(visible);
  std::ranges::fill(scores.subspan(visible), 0.f);
  if (seen.empty()) return;
  if (const float max = largest(seen); max > query.max) {
    const float factor = std::exp(query.max - max);  // 0 in the first tile, where query.max is -inf
    query.sum *= factor;
    for (float& x : output) x *= factor;
    query.max = max;
  }
  query.sum += exponentiate(seen, query.max);
}

/// One head's inputs and results, and what is used again by every tile.
struct Head {
  ConstView q, k, v;
  View output;
  std::span<float> lse;
  Tensor& scores;  // [q_tile, kv_tile]
  std::span<Running> queries;

  std::span<float> output_row(std::int64_t i) {
    return {output.data() + i * output.outerStride(), std::size_t(v.cols())};
  }
};

/// Queries [first, first + count) meet all the keys that one of them sees, kv_tile at a time.
void attend(Head& head, std::int64_t first, std::int64_t count, Mask mask, float scale) {
  const auto visible = [&](std::int64_t i) { return visible_keys(mask, first + i, head.q.rows(), head.k.rows()); };
  const std::int64_t kv_tile = head.scores.dim(1), end = visible(count - 1);  // none sees further than the last
  std::ranges::fill(head.queries, Running{});
  for (std::int64_t kv_first = 0; kv_first < end; kv_first += kv_tile) {
    const std::int64_t keys = std::min(kv_tile, end - kv_first);
    View tile = columns(rows(head.scores.matrix(), 0, count), 0, keys);
    matmul_nt(rows(head.q, first, count), rows(head.k, kv_first, keys), tile, scale);
    for (std::int64_t i = 0; i < count; ++i)
      meet(head.scores.row(i).first(keys), std::clamp<std::int64_t>(visible(i) - kv_first, 0, keys), head.queries[i],
           head.output_row(first + i));
    matmul(tile, rows(head.v, kv_first, keys), rows(head.output, first, count), 1, 1);
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const auto [max, sum] = head.queries[i];
    if (sum == 0) continue;  // it sees no key: zeros and -inf
    for (float& x : head.output_row(first + i)) x /= sum;
    head.lse[first + i] = max + std::log(sum);
  }
}

}  // namespace

Tensor fused_vs_flash::fused_attention(const Tensor& q, const Tensor& k, const Tensor& v, Mask mask) {
  const std::int64_t q_len = q.dim(2), kv_len = k.dim(2), n_rep = q.dim(1) / k.dim(1);
  Tensor out(q.shape());
  Tensor scores({1, kv_len});  // all the scores that ever exist at a time
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h)
      for (std::int64_t i = 0; i < q_len; ++i) {
        const std::int64_t visible = visible_keys(mask, i, q_len, kv_len);
        if (visible == 0) continue;  // zeros, not 0 / 0
        View row = columns(scores.matrix(), 0, visible);
        matmul_nt(rows(q.matrix(b, h), i, 1), rows(k.matrix(b, h / n_rep), 0, visible), row, scale_of(q));
        const auto weights = scores.row(0).first(visible);
        const float sum = exponentiate(weights, largest(weights));
        matmul(row, rows(v.matrix(b, h / n_rep), 0, visible), rows(out.matrix(b, h), i, 1), 1 / sum);
      }
  return out;
}

FlashResult fused_vs_flash::flash_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                            const FlashOptions& options) {
  if (options.q_tile < 1 || options.kv_tile < 1)
    throw std::invalid_argument("[flash_attention] tiles must be >= 1; found q_tile " + std::to_string(options.q_tile) +
                                " and kv_tile " + std::to_string(options.kv_tile));
  const std::int64_t q_len = q.dim(2), n_rep = q.dim(1) / k.dim(1);
  const std::int64_t q_tile = std::min<std::int64_t>(options.q_tile, q_len);
  FlashResult result{Tensor(q.shape()), Tensor({q.dim(0), q.dim(1), q_len}, -kInfinity)};
  Tensor scores({q_tile, std::min<std::int64_t>(options.kv_tile, k.dim(2))});
  std::vector<Running> queries(q_tile);
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h) {
      Head head{q.matrix(b, h),
                k.matrix(b, h / n_rep),
                v.matrix(b, h / n_rep),
                result.output.matrix(b, h),
                result.lse.row(b, h),
                scores,
                queries};
      for (std::int64_t first = 0; first < q_len; first += q_tile)
        attend(head, first, std::min(q_tile, q_len - first), options.mask, scale_of(q));
    }
  return result;
}

std::int64_t fused_vs_flash::traffic_bytes(Algorithm algorithm, const Problem& problem) {
  const std::int64_t q_len = problem.q_len, kv_len = problem.kv_len, head_dim = problem.head_dim;
  const std::int64_t scores = q_len * kv_len, queries = q_len * head_dim, keys_and_values = 2 * kv_len * head_dim;
  std::int64_t floats = 2 * queries;  // q is read and the output written once, whoever does it
  switch (algorithm) {
    case Algorithm::unfused:
      floats += keys_and_values + 4 * scores;  // written and read, before and after the softmax
      break;
    case Algorithm::fused:
      floats += q_len * keys_and_values;
      break;
    case Algorithm::flash:
      floats += (q_len + problem.q_tile - 1) / problem.q_tile * keys_and_values;
      break;
  }
  return floats * static_cast<std::int64_t>(sizeof(float));
}

double fused_vs_flash::arithmetic_intensity(Algorithm algorithm, const Problem& problem) {
  const double products = 1, multiply_and_add = 2;
  return products * multiply_and_add * problem.q_len * problem.kv_len * problem.head_dim /
         static_cast<double>(traffic_bytes(algorithm, problem));
}
