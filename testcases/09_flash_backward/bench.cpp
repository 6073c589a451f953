// Offers lesson 09 to the benchmark: a training step with stored weights, and tile by tile.

#include "common/bench/backend.h"
#include "flash_backward.h"

using namespace workbook;
using namespace workbook::attention_layer;

namespace {

/// Scores become weights; the keys after the first `seen` get none.
void softmax(std::span<float> row, std::int64_t seen) {
  std::ranges::fill(row.subspan(seen), 0.f);
  if (seen == 0) return;
  row = row.first(seen);
  const float max = *std::ranges::max_element(row);
  float sum = 0;
  for (float& x : row) sum += x = std::exp(x - max);
  for (float& x : row) x /= sum;
}

/// The weights of all queries, [batch, heads, q_len, kv_len], and the output.
std::pair<Tensor, Tensor> forward(const TrainingCall& call) {
  const std::int64_t q_len = call.q.dim(2), kv_len = call.k.dim(2), n_rep = call.q.dim(1) / call.k.dim(1);
  Tensor p({call.q.dim(0), call.q.dim(1), q_len, kv_len}), output(call.q.shape());
  for (std::int64_t b = 0; b < p.dim(0); ++b)
    for (std::int64_t h = 0; h < p.dim(1); ++h) {
      matmul_nt(call.q.matrix(b, h), call.k.matrix(b, h / n_rep), p.matrix(b, h),
                1 / std::sqrt(static_cast<float>(call.q.dim(3))));
      for (std::int64_t i = 0; i < q_len; ++i)
        softmax(p.row(b, h, i),
                call.mask == Mask::causal ? std::clamp<std::int64_t>(i + 1 + kv_len - q_len, 0, kv_len) : kv_len);
      matmul(p.matrix(b, h), call.v.matrix(b, h / n_rep), output.matrix(b, h));
    }
  return {std::move(p), std::move(output)};
}

Trained unfused(const TrainingCall& call) {
  auto [p, output] = forward(call);
  auto [dq, dk, dv] = flash_backward::attention_backward(call.q, call.k, call.v, p, call.d_output);
  return {std::move(output), std::move(dq), std::move(dk), std::move(dv)};
}

/// What was moved from an argument goes back, also if the lesson throws: other backends are called with the same.
struct GivesBack {
  Tensor &from, &to;
  ~GivesBack() { to = std::move(from); }
};

Trained flash(const TrainingCall& call) {
  const flash_backward::Options options{.mask = call.mask};
  auto [output, lse] = flash_backward::flash_attention_dropout(call.q, call.k, call.v, options, {});
  flash_backward::Outputs outputs{std::move(output), std::move(lse), std::move(call.d_output)};
  const GivesBack gives_back{outputs.d_output, call.d_output};
  auto [dq, dk, dv] = flash_backward::flash_backward(call.q, call.k, call.v, outputs, options);
  return {std::move(outputs.output), std::move(dq), std::move(dk), std::move(dv)};
}

/// Output and gradients.
std::int64_t result(const Extents& e) { return 8 * e.batch * e.head_dim * (e.heads * e.q_len + e.kv_heads * e.kv_len); }

/// The weights of all heads, and what one head's weights get back.
std::int64_t unfused_workspace(const Extents& e) {
  return result(e) + 4 * (e.batch * e.heads + 1) * e.q_len * e.kv_len;
}

/// A log-sum-exp for each query; two tiles.
std::int64_t flash_workspace(const Extents& e) {
  const flash_backward::Options tiles;
  return result(e) + 4 * (e.batch * e.heads * e.q_len + std::int64_t{2} * tiles.q_tile * tiles.kv_tile);
}

}  // namespace

std::vector<Implementation> attention_layer::implementations() {
  return {{.about = {.name = "unfused", .formula = Formula::training},
           .attend = nullptr,
           .workspace = unfused_workspace,
           .train = unfused},
          {.about = {.name = "flash", .formula = Formula::training},
           .attend = nullptr,
           .workspace = flash_workspace,
           .train = flash}};
}
