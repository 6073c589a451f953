#include "flash_backward.h"

#include <cmath>
#include <numeric>

using namespace workbook;
using namespace workbook::flash_backward;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Replaces a row of dp by ds.
void softmax_backward_row(std::span<const float> p, std::span<float> dp) {
  const float mean = std::inner_product(p.begin(), p.end(), dp.begin(), 0.f);  // of dp, weighted by p
  for (std::size_t j = 0; j < dp.size(); ++j) dp[j] = p[j] * (dp[j] - mean);
}

void check(const Options& options) {
  if (options.q_tile < 1 || options.kv_tile < 1)
    throw std::invalid_argument("tiles must be >= 1; found q_tile " + std::to_string(options.q_tile) + " and kv_tile " +
                                std::to_string(options.kv_tile));
}

void check(const Dropout& dropout) {
  if (!(dropout.p >= 0 && dropout.p < 1))  // NaN is in no interval
    throw std::invalid_argument("dropout's p must be in [0, 1); found " + std::to_string(dropout.p));
}

/// The dropout of one head.
struct HeadDropout {
  Dropout dropout;
  std::int64_t batch, head;

  /// The random words of four neighbouring columns.
  std::array<std::uint32_t, 4> words(std::int64_t row, std::int64_t column) const {
    const auto low = [](auto x) { return static_cast<std::uint32_t>(x); };
    return philox({low(column / 4), low(row), low(head), low(batch)}, {low(dropout.seed), low(dropout.seed >> 32)});
  }

  float factor(std::uint32_t word) const {
    return word < dropout.p * 0x1p32 ? 0.f : static_cast<float>(1 / (1 - dropout.p));
  }

  /// The factors of one row from column `first` of the whole matrix on, wherever a tile begins.
  void fill(std::span<float> factors, std::int64_t row, std::int64_t first) const {
    if (dropout.p == 0) {
      std::ranges::fill(factors, 1.f);
      return;
    }
    std::array<std::uint32_t, 4> random{};
    for (std::int64_t j = 0; j < std::ssize(factors); ++j) {
      const std::int64_t column = first + j;
      if (j == 0 || column % 4 == 0) random = words(row, column);
      factors[j] = factor(random[column % 4]);
    }
  }
};

/// One head's inputs.
struct Head {
  ConstView q, k, v;
  Mask mask;
  HeadDropout dropout;
  float scale = 1 / std::sqrt(static_cast<float>(q.cols()));

  /// How many keys, from the first on, query i sees.
  std::int64_t visible(std::int64_t i) const {
    return mask == Mask::causal ? std::clamp<std::int64_t>(i + 1 + k.rows() - q.rows(), 0, k.rows()) : k.rows();
  }
};

Head head_of(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t b, std::int64_t h, Mask mask,
             const Dropout& dropout) {
  const std::int64_t n_rep = q.dim(1) / k.dim(1);
  return {q.matrix(b, h), k.matrix(b, h / n_rep), v.matrix(b, h / n_rep), mask, {dropout, b, h}};
}

/// What a query carries from tile to tile of keys.
struct Running {
  float max = -kInfinity;  ///< forward: of its scores so far
  float sum = 0;           ///< forward: of its weights so far
  float mean = 0;          ///< backward: of dp, weighted by p
};

/// What all tiles of all heads use again.
struct Buffers {
  Tensor weights, d_weights;     // [q_tile, kv_tile]
  std::vector<float> factors;    // [kv_tile]
  std::vector<Running> queries;  // [q_tile]

  Buffers(const Options& o, std::int64_t q_len, std::int64_t kv_len)
      : weights({std::min<std::int64_t>(o.q_tile, q_len), std::min<std::int64_t>(o.kv_tile, kv_len)}),
        d_weights(weights.shape()),
        factors(weights.dim(1)),
        queries(weights.dim(0)) {}
};

/// The upper left corner of a buffer: the last tiles may be smaller.
View corner(Tensor& buffer, std::int64_t row_count, std::int64_t column_count) {
  return columns(rows(buffer.matrix(), 0, row_count), 0, column_count);
}

std::span<float> row_of(View view, std::int64_t i) {
  return {view.data() + i * view.outerStride(), static_cast<std::size_t>(view.cols())};
}

/// Scores become weights exp(score - max), 0 for hidden keys. If the maximum grows, what was summed up so far shrinks.
void meet(std::span<float> scores, std::int64_t seen, Running& query, std::span<float> output) {
  std::ranges::fill(scores.subspan(seen), 0.f);
  if (seen == 0) return;
  const float max = std::max(query.max, Eigen::Map<const Eigen::ArrayXf>(scores.data(), seen).maxCoeff());
  const float shrink = std::exp(query.max - max);  // 0 in the first tile, where query.max is -inf
  for (float& x : output) x *= shrink;
  query.sum *= shrink;
  query.max = max;
  for (float& score : scores.first(seen)) query.sum += score = std::exp(score - max);
}

/// Queries [first, first + count) of a head meet all the keys that one of them sees, kv_tile at a time.
void attend(const Head& head, std::int64_t first, std::int64_t count, Buffers& buffers, View output,
            std::span<float> lse) {
  const std::int64_t kv_tile = buffers.weights.dim(1), end = head.visible(first + count - 1);
  std::ranges::fill(buffers.queries, Running{});
  for (std::int64_t kv_first = 0; kv_first < end; kv_first += kv_tile) {
    const std::int64_t keys = std::min(kv_tile, end - kv_first);
    const std::span<float> factors = std::span(buffers.factors).first(keys);
    View weights = corner(buffers.weights, count, keys);
    matmul_nt(rows(head.q, first, count), rows(head.k, kv_first, keys), weights, head.scale);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t seen = std::clamp<std::int64_t>(head.visible(first + i) - kv_first, 0, keys);
      meet(row_of(weights, i), seen, buffers.queries[i], row_of(output, first + i));
      head.dropout.fill(factors, first + i, kv_first);  // the sum is that of all weights, also of dropped ones
      for (std::int64_t j = 0; j < seen; ++j) weights(i, j) *= factors[j];
    }
    matmul(weights, rows(head.v, kv_first, keys), rows(output, first, count), 1, 1);
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const auto [max, sum, mean] = buffers.queries[i];
    if (sum == 0) continue;  // it sees no key: zeros and -inf
    for (float& x : row_of(output, first + i)) x /= sum;
    lse[first + i] = max + std::log(sum);
  }
}

/// What comes back to one head, and where its gradients are summed up.
struct Backward {
  ConstView output, d_output;
  std::span<const float> lse;
  View dq, dk, dv;
};

/// One row of a tile on its way back: `p` has the scores, and gets the weights that met the values; `dp` has what the
/// values say of these weights, and gets ds. Hidden keys have 0 in both.
void go_back(std::span<float> p, std::span<float> dp, std::int64_t seen, float lse, float mean,
             std::span<const float> factors) {
  std::ranges::fill(p.subspan(seen), 0.f);
  std::ranges::fill(dp.subspan(seen), 0.f);
  for (std::int64_t j = 0; j < seen; ++j) {
    const float weight = std::exp(p[j] - lse);
    dp[j] = weight * (factors[j] * dp[j] - mean);
    p[j] = weight * factors[j];
  }
}

/// Adds what queries [first, first + count) of a head contribute to the gradients.
void add_gradients(const Head& head, std::int64_t first, std::int64_t count, Buffers& buffers, const Backward& back) {
  const std::int64_t kv_tile = buffers.weights.dim(1), end = head.visible(first + count - 1);
  const ConstView q = rows(head.q, first, count), d_output = rows(back.d_output, first, count);
  for (std::int64_t i = 0; i < count; ++i)  // sum_j p_ij dp_ij, without any p
    buffers.queries[i].mean = d_output.row(i).dot(back.output.row(first + i));
  for (std::int64_t kv_first = 0; kv_first < end; kv_first += kv_tile) {
    const std::int64_t keys = std::min(kv_tile, end - kv_first);
    const std::span<float> factors = std::span(buffers.factors).first(keys);
    const ConstView k = rows(head.k, kv_first, keys), v = rows(head.v, kv_first, keys);
    View p = corner(buffers.weights, count, keys), ds = corner(buffers.d_weights, count, keys);
    matmul_nt(q, k, p, head.scale);
    matmul_nt(d_output, v, ds);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t seen = std::clamp<std::int64_t>(head.visible(first + i) - kv_first, 0, keys);
      head.dropout.fill(factors, first + i, kv_first);
      go_back(row_of(p, i), row_of(ds, i), seen, back.lse[first + i], buffers.queries[i].mean, factors);
    }
    matmul_tn(p, d_output, rows(back.dv, kv_first, keys), 1, 1);
    matmul(ds, k, rows(back.dq, first, count), head.scale, 1);
    matmul_tn(ds, q, rows(back.dk, kv_first, keys), head.scale, 1);
  }
}

}  // namespace

Tensor flash_backward::softmax_backward(const Tensor& p, const Tensor& dp) {
  Tensor ds = dp;
  for (std::int64_t i = 0; i < p.dim(0); ++i) softmax_backward_row(p.row(i), ds.row(i));
  return ds;
}

Gradients flash_backward::attention_backward(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& p,
                                             const Tensor& d_output) {
  Gradients sum{Tensor(q.shape()), Tensor(k.shape()), Tensor(v.shape())};
  const std::int64_t n_rep = q.dim(1) / k.dim(1);
  const float scale = 1 / std::sqrt(static_cast<float>(q.dim(3)));
  Tensor ds({q.dim(2), k.dim(2)});
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h) {
      const std::int64_t kv_head = h / n_rep;
      matmul_nt(d_output.matrix(b, h), v.matrix(b, kv_head), ds.matrix());
      for (std::int64_t i = 0; i < q.dim(2); ++i) softmax_backward_row(p.row(b, h, i), ds.row(i));
      matmul_tn(p.matrix(b, h), d_output.matrix(b, h), sum.dv.matrix(b, kv_head), 1, 1);
      matmul(ds.matrix(), k.matrix(b, kv_head), sum.dq.matrix(b, h), scale);
      matmul_tn(ds.matrix(), q.matrix(b, h), sum.dk.matrix(b, kv_head), scale, 1);
    }
  return sum;
}

Gradients flash_backward::flash_backward(const Tensor& q, const Tensor& k, const Tensor& v, const Outputs& outputs,
                                         const Options& options) {
  return flash_backward_dropout(q, k, v, outputs, options, Dropout{});
}

std::array<std::uint32_t, 4> flash_backward::philox(const std::array<std::uint32_t, 4>& counter,
                                                    const std::array<std::uint32_t, 2>& key) {
  auto [c0, c1, c2, c3] = counter;
  auto [key0, key1] = key;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * c0, b = std::uint64_t{0xCD9E8D57} * c2;
    c0 = static_cast<std::uint32_t>(b >> 32) ^ c1 ^ key0;
    c1 = static_cast<std::uint32_t>(b);
    c2 = static_cast<std::uint32_t>(a >> 32) ^ c3 ^ key1;
    c3 = static_cast<std::uint32_t>(a);
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return {c0, c1, c2, c3};
}

float flash_backward::dropout_factor(const Dropout& dropout, std::int64_t batch, std::int64_t head, std::int64_t row,
                                     std::int64_t column) {
  check(dropout);
  const HeadDropout of_head{dropout, batch, head};
  return of_head.factor(of_head.words(row, column)[column % 4]);
}

Forward flash_backward::flash_attention_dropout(const Tensor& q, const Tensor& k, const Tensor& v,
                                                const Options& options, const Dropout& dropout) {
  check(options), check(dropout);
  const std::int64_t q_len = q.dim(2);
  Forward result{Tensor(q.shape()), Tensor({q.dim(0), q.dim(1), q_len}, -kInfinity)};
  Buffers buffers(options, q_len, k.dim(2));
  const std::int64_t q_tile = buffers.weights.dim(0);
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h)
      for (std::int64_t first = 0; first < q_len; first += q_tile)
        attend(head_of(q, k, v, b, h, options.mask, dropout), first, std::min(q_tile, q_len - first), buffers,
               result.output.matrix(b, h), result.lse.row(b, h));
  return result;
}

Gradients flash_backward::flash_backward_dropout(const Tensor& q, const Tensor& k, const Tensor& v,
                                                 const Outputs& outputs, const Options& options,
                                                 const Dropout& dropout) {
  check(options), check(dropout);
  const std::int64_t q_len = q.dim(2), n_rep = q.dim(1) / k.dim(1);
  Gradients sum{Tensor(q.shape()), Tensor(k.shape()), Tensor(v.shape())};
  Buffers buffers(options, q_len, k.dim(2));
  const std::int64_t q_tile = buffers.weights.dim(0);
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h)
      for (std::int64_t first = 0; first < q_len; first += q_tile)
        add_gradients(head_of(q, k, v, b, h, options.mask, dropout), first, std::min(q_tile, q_len - first), buffers,
                      {outputs.output.matrix(b, h), outputs.d_output.matrix(b, h), outputs.lse.row(b, h),
                       sum.dq.matrix(b, h), sum.dk.matrix(b, h / n_rep), sum.dv.matrix(b, h / n_rep)});
  return sum;
}

Cost flash_backward::training_cost(Method method, const Problem& problem) {
  const std::int64_t queries = std::int64_t{problem.batch} * problem.heads * problem.q_len;
  const std::int64_t product = 2 * queries * problem.kv_len * problem.head_dim, bytes = sizeof(float);
  if (method == Method::unfused) return {2 * product, 4 * product, bytes * queries * problem.kv_len};
  return {2 * product, 5 * product, bytes * queries * (std::int64_t{problem.head_dim} + 1)};
}
