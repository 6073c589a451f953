#include "kv_cache.h"

using namespace workbook;
using namespace workbook::kv_cache;

namespace {

/// What the layer makes of one sequence's new tokens, and which of them are padding.
struct NewTokens {
  ConstView q, k, v;  // of one head, [q_len, head_dim]
  std::span<const bool> attention_mask;
};

/// Number of the token that lies in this row of the cache; or of one that is gone, whom no new token sees.
std::int64_t token_in(const KvCache& cache, std::int64_t row) {
  const std::int64_t newest = cache.seen() - 1;
  return newest - (newest - row) % cache.capacity();
}

/// A softmax over the entries that visible(column) names; the others become 0. All are 0 if none is visible.
template <class Visible>
void softmax_over(std::span<float> row, Visible visible) {
  float largest = -std::numeric_limits<float>::infinity(), sum = 0;
  for (std::size_t j = 0; j < row.size(); ++j)
    if (visible(j)) largest = std::max(largest, row[j]);
  for (std::size_t j = 0; j < row.size(); ++j) sum += row[j] = visible(j) ? std::exp(row[j] - largest) : 0.f;
  if (sum > 0)
    for (float& weight : row) weight /= sum;
}

/// One head: its queries meet the rows of the cache, then the new keys, with one softmax over both.
/// The order of keys is no matter; so a ring is read as it lies, and nothing is copied together.
void attend(const NewTokens& head, const KvCache& cache, ConstView keys, ConstView values, Tensor& scores, View out) {
  const std::int64_t q_len = head.q.rows(), past = keys.rows();
  const float scale = 1 / std::sqrt(static_cast<float>(head.q.cols()));
  View of_past = columns(scores.matrix(), 0, past), of_new = columns(scores.matrix(), past, q_len);
  matmul_nt(head.q, keys, of_past, scale);
  matmul_nt(head.q, head.k, of_new, scale);
  for (std::int64_t i = 0; i < q_len; ++i) {
    const std::int64_t token = cache.seen() + i, oldest = cache.ring() ? token + 1 - cache.capacity() : 0;
    softmax_over(scores.row(i), [&](std::int64_t column) {
      const std::int64_t other = column < past ? token_in(cache, column) : cache.seen() + column - past;
      return other >= oldest && other <= token && head.attention_mask[other];
    });
  }
  matmul(of_past, values, out);
  matmul(of_new, head.v, out, 1, 1);
}

/// x w, cut into heads: [batch, seq, d_model] -> [batch, heads, seq, head_dim].
Tensor project(const Tensor& x, const Tensor& w, std::int64_t heads) {
  const std::int64_t head_dim = w.dim(1) / heads;
  Tensor out({x.dim(0), heads, x.dim(1), head_dim});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < heads; ++h)
      matmul(x.matrix(b), columns(w.matrix(), h * head_dim, head_dim), out.matrix(b, h));
  return out;
}

void rotate(Tensor& x, const PositionIds& position_ids, double base) {
  const std::int64_t head_dim = x.dim(3), half = head_dim / 2;
  for (std::int64_t c = 0; c < half; ++c) {
    const double frequency = std::pow(base, -2.0 * c / head_dim);
    for (std::int64_t b = 0; b < x.dim(0); ++b)
      for (std::int64_t i = 0; i < x.dim(2); ++i) {
        const double angle = position_ids.at(b, i) * frequency;
        const auto cosine = static_cast<float>(std::cos(angle)), sine = static_cast<float>(std::sin(angle));
        for (std::int64_t h = 0; h < x.dim(1); ++h) {
          float& a = x.at(b, h, i, c);
          float& other = x.at(b, h, i, c + half);
          const float old = a;
          a = old * cosine - other * sine;
          other = old * sine + other * cosine;
        }
      }
  }
}

void refuse_if_full(const KvCache& cache, std::int64_t more) {
  if (!cache.ring() && cache.seen() + more > cache.capacity())
    throw std::invalid_argument("[append] the cache has room for " + std::to_string(cache.capacity()) +
                                " tokens; found " + std::to_string(cache.seen() + more));
}

}  // namespace

Tensor kv_cache::rope(const Tensor& x, const PositionIds& position_ids, double base) {
  Tensor out = x;
  rotate(out, position_ids, base);
  return out;
}

Tensor kv_cache::change_pairing(const Tensor& w, int heads, Pairing to) {
  if (heads < 1 || w.dim(1) % (2 * std::int64_t{heads}) != 0)
    throw std::invalid_argument("[change_pairing] heads must have an even number of channels; found " +
                                std::to_string(w.dim(1)) + " columns for " + std::to_string(heads) + " heads");
  Tensor out(w.shape());
  const std::int64_t head_dim = w.dim(1) / heads, half = head_dim / 2;
  for (std::int64_t row = 0; row < w.dim(0); ++row)
    for (std::int64_t column = 0; column < w.dim(1); ++column) {
      const std::int64_t c = column % head_dim, head = column - c;
      const std::int64_t from = to == Pairing::halves ? c % half * 2 + c / half : c % 2 * half + c / 2;
      out.at(row, column) = w.at(row, head + from);
    }
  return out;
}

void KvCache::append(const Tensor& k, const Tensor& v) {
  const std::int64_t seq = k.dim(2), kv_heads = k.dim(1);
  refuse_if_full(*this, seq);
  for (std::int64_t b = 0; b < k.dim(0); ++b)
    for (std::int64_t h = 0; h < kv_heads; ++h)
      for (std::int64_t i = std::max<std::int64_t>(0, seq - capacity()); i < seq; ++i) {
        const std::int64_t row = (seen_ + i) % capacity();
        std::ranges::copy(k.row(b, h, i), storage_.row(b, h, row).begin());
        std::ranges::copy(v.row(b, h, i), storage_.row(b, kv_heads + h, row).begin());
      }
  seen_ += seq;
  first_ = std::max(first_, seen_ - capacity());
}

void KvCache::truncate(std::int64_t length) {
  if (length < 0 || length > seen_)
    throw std::invalid_argument("[truncate] expected a length of 0 to " + std::to_string(seen_) + "; found " +
                                std::to_string(length));
  if (length < seen_ && first_ > std::max<std::int64_t>(0, length - (capacity() - 1)))
    throw std::invalid_argument("[truncate] token " + std::to_string(length) +
                                " must see tokens that are overwritten: the oldest that is there is " +
                                std::to_string(first_));
  seen_ = length;
}

Tensor kv_cache::forward(const Tokens& tokens, const LayerWeights& weights, int heads, double rope_base, KvCache& cache,
                         bool use_cache) {
  const Tensor& x = tokens.hidden_states;
  const std::int64_t batch = x.dim(0), q_len = x.dim(1), kv_heads = cache.kv_heads();
  if (use_cache) refuse_if_full(cache, q_len);
  Tensor q = project(x, weights.w_q, heads), k = project(x, weights.w_k, kv_heads);
  const Tensor v = project(x, weights.w_v, kv_heads);
  rotate(q, tokens.position_ids, rope_base);
  rotate(k, tokens.position_ids, rope_base);

  const std::int64_t head_dim = q.dim(3), past = std::min(cache.capacity(), cache.seen());
  Tensor out(x.shape()), scores({q_len, past + q_len}), result({q_len, head_dim});
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::int64_t kv_head = h / (heads / kv_heads);
      const NewTokens head{q.matrix(b, h), k.matrix(b, kv_head), v.matrix(b, kv_head), tokens.attention_mask.row(b)};
      attend(head, cache, rows(cache.keys(b, kv_head), 0, past), rows(cache.values(b, kv_head), 0, past), scores,
             result.matrix());
      matmul(result.matrix(), rows(weights.w_o.matrix(), h * head_dim, head_dim), out.matrix(b), 1, 1);
    }
  // Not before: in a ring the first new tokens still see what the last ones overwrite.
  if (use_cache) cache.append(k, v);
  return out;
}

std::int64_t kv_cache::cache_bytes(const Model& model, int batch, int tokens) {
  const std::int64_t per_token = model.kv_rank > 0 ? std::int64_t{model.kv_rank} + model.rope_dim
                                                   : 2 * std::int64_t{model.kv_heads} * model.head_dim;
  return per_token * model.layers * batch * tokens * model.bytes_per_element;
}

Cost kv_cache::step_cost(const Model& model, const Step& step) {
  const std::int64_t batch = step.batch, past = step.past_len, q_len = step.q_len, d_model = model.d_model;
  const std::int64_t width = std::int64_t{model.heads} * model.head_dim;
  const std::int64_t kv_width = std::int64_t{model.kv_heads} * model.head_dim;
  const std::int64_t weights = 2 * d_model * (width + kv_width);
  const std::int64_t pairs = q_len * past + q_len * (q_len + 1) / 2;  // token i of the new ones sees past + i + 1
  const std::int64_t moved = weights + batch * (2 * kv_width * (past + q_len) + 2 * q_len * d_model);
  return {model.layers * batch * (2 * q_len * weights + 4 * width * pairs),
          model.layers * moved * model.bytes_per_element};
}
