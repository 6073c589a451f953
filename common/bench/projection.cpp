#include "common/bench/projection.h"

#include "common/bench/inputs.h"
#include "common/bench/parallel.h"
#include "common/bench/product.h"
#include "common/bench/rope.h"

namespace workbook::bench {

namespace {

/// All rows of the last axis, as one matrix.
ConstView all_rows(const Tensor& x) {
  const std::int64_t columns = x.dim(-1);
  return {x.data(), x.size() / std::max<std::int64_t>(columns, 1), columns, Eigen::OuterStride<>(columns)};
}

/// Copies head `from` of each batch into channels [first, first + channels) of head `to`.
void copy_channels(const Tensor& source, std::int64_t from, Tensor& target, std::int64_t to, std::int64_t first) {
  for (std::int64_t b = 0; b < source.dim(0); ++b)
    columns(target.matrix(b, to), first, source.dim(3)) = source.matrix(b, from);
}

void rotate_rows(Tensor& x) {
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t i = 0; i < x.dim(2); ++i) rotate(x.row(b, h, i), i);
}

}  // namespace

Tensor project(const Tensor& x, const Tensor& w, int threads) {
  const ConstView input = all_rows(x);
  Tensor out({input.rows(), w.dim(1)});
  in_parallel(threads, [&](std::int64_t part) {
    const auto [first, last] = share(input.rows(), threads, part);
    multiply(rows(input, first, last - first), w.matrix(), rows(out.matrix(), first, last - first));
  });
  return out;
}

Tensor split_heads(const Tensor& projected, std::int64_t batch, std::int64_t first, std::int64_t heads,
                   std::int64_t head_dim) {
  const std::int64_t seq = projected.dim(0) / batch;
  Tensor out({batch, heads, seq, head_dim});
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t h = 0; h < heads; ++h)
      out.matrix(b, h) = columns(rows(projected.matrix(), b * seq, seq), first + h * head_dim, head_dim);
  return out;
}

Tensor merge_heads(const Tensor& x) {
  const std::int64_t batch = x.dim(0), heads = x.dim(1), seq = x.dim(2), head_dim = x.dim(3);
  Tensor out({batch * seq, heads * head_dim});
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t h = 0; h < heads; ++h)
      columns(rows(out.matrix(), b * seq, seq), h * head_dim, head_dim) = x.matrix(b, h);
  return out;
}

Expanded expand_latent(const Tensor& x, const attention_layer::Weights& weights,
                       const attention_layer::Config& config) {
  using attention_layer::Input;
  const auto& e = config.extents;
  const auto latent = attention_layer::latent_shape(e);
  const std::int64_t width = e.head_dim + latent.rope_dim;
  const auto product = [&](const Tensor& input, Input w) { return project(input, weights.at(w), config.threads); };
  Expanded out{split_heads(product(product(x, Input::w_dq), Input::w_uq), e.batch, 0, e.heads, width),
               Tensor({e.batch, e.heads, e.kv_len, width}), Tensor({e.batch, e.heads, e.kv_len, width})};
  const Tensor compressed =
      product(x, Input::w_dkv);  // [batch * seq, kv_rank]: all that a cache would keep, and the rotated part
  const Tensor keys = split_heads(product(compressed, Input::w_uk), e.batch, 0, e.heads, e.head_dim);
  const Tensor values = split_heads(product(compressed, Input::w_uv), e.batch, 0, e.heads, e.head_dim);
  Tensor rotated = split_heads(product(x, Input::w_kr), e.batch, 0, 1, latent.rope_dim);
  rotate_rows(rotated);
  for (std::int64_t h = 0; h < e.heads; ++h) {
    copy_channels(keys, h, out.k, h, 0);
    copy_channels(rotated, 0, out.k, h, e.head_dim);
    copy_channels(values, h, out.v, h, 0);
    for (std::int64_t b = 0; b < e.batch; ++b)
      for (std::int64_t i = 0; i < e.q_len; ++i)
        rotate(out.q.row(b, h, i).subspan(static_cast<std::size_t>(e.head_dim)), i);
  }
  return out;
}

Tensor first_channels(const Tensor& x, std::int64_t count) {
  Tensor out({x.dim(0), x.dim(1), x.dim(2), count});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h) out.matrix(b, h) = columns(x.matrix(b, h), 0, count);
  return out;
}

}  // namespace workbook::bench
