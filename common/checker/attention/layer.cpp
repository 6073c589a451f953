#include "common/checker/attention/layer.h"

namespace workbook::attention_tests {

Tensor64 split_by_shape(const Tensor64& x, std::int64_t heads) {
  return x.reshaped({x.dim(0), heads, x.dim(1), x.dim(2) / heads});
}
Tensor64 merge_by_shape(const Tensor64& x) { return x.reshaped({x.dim(0), x.dim(2), x.dim(1) * x.dim(3)}); }

Tensor64 split_interleaved(const Tensor64& x, std::int64_t heads) {
  Tensor64 out({x.dim(0), heads, x.dim(1), x.dim(2) / heads});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t i = 0; i < x.dim(1); ++i)
      for (std::int64_t c = 0; c < x.dim(2); ++c) out.at(b, c % heads, i, c / heads) = x.at(b, i, c);
  return out;
}
Tensor64 merge_interleaved(const Tensor64& x) {
  const std::int64_t heads = x.dim(1);
  Tensor64 out({x.dim(0), x.dim(2), heads * x.dim(3)});
  for (std::int64_t b = 0; b < out.dim(0); ++b)
    for (std::int64_t i = 0; i < out.dim(1); ++i)
      for (std::int64_t c = 0; c < out.dim(2); ++c) out.at(b, i, c) = x.at(b, c % heads, i, c / heads);
  return out;
}

Tensor64 LayerParts::operator()() const {
  if (q_from.dim(2) != w.w_q.dim(0) || k_from.dim(2) != w.w_k.dim(0) || v_from.dim(2) != w.w_v.dim(0)) return {};
  const Tensor64 q = split(oracle::linear(q_from, w.w_q), heads), k = split(oracle::linear(k_from, w.w_k), kv_heads),
                 v = split(oracle::linear(v_from, w.w_v), kv_heads);
  if (k.dim(2) != v.dim(2)) return {};
  Tensor64 results = slip ? row_walk(q, k, v, options, *slip) : oracle::attention(q, k, v, options);
  for (std::int64_t b = 0; b < results.dim(0); ++b)
    for (std::int64_t h = 0; h < first_head; ++h) results.matrix(b, h).setZero();
  const Tensor64 merged = one_batch ? first_batch_only(merge(results)) : merge(results);
  if (no_projection) return merged;
  Tensor64 out = oracle::linear(merged, one_strip ? repeated_strip() : w.w_o);
  for (std::int64_t b = 1; b < out.dim(0) && batches_add_up; ++b) out.matrix(b) += out.matrix(b - 1);
  return out;
}

Tensor64 LayerParts::repeated_strip() const {
  Tensor64 result = w.w_o;
  const std::int64_t head_dim = result.dim(0) / heads;
  for (std::int64_t c = 0; c < result.dim(0); ++c) std::ranges::copy(w.w_o.row(c % head_dim), result.row(c).begin());
  return result;
}

Matches but_not_another_source(Matches matcher, const LayerParts& right) {
  const auto with = changes_of(right, &LayerParts::operator());
  return std::move(matcher)
      .but_not(with([](LayerParts& p) { p.k_from = p.v_from = p.q_from; }),
               "keys and values are made from x: in cross-attention they come from memory")
      .but_not(with([](LayerParts& p) { p.v_from = p.q_from; }),
               "the values are made from x: they come from memory, as the keys do")
      .but_not(with([](LayerParts& p) { p.k_from = p.q_from; }),
               "the keys are made from x: they come from memory, as the values do")
      .but_not(with([](LayerParts& p) { p.q_from = p.k_from; }), "the queries are made from memory: they come from x")
      .but_not(with([](LayerParts& p) { std::swap(p.q_from, p.k_from), p.v_from = p.k_from; }),
               "x and memory have changed places")
      .but_not(with([](LayerParts& p) { p.k_from = p.v_from = first_batch_only(p.k_from); }),
               "every batch reads the memory of batch 0")
      .but_not(with([](LayerParts& p) { std::swap(p.w.w_k, p.w.w_v); }), "w_k and w_v have changed places")
      .but_not(with([](LayerParts& p) { p.w.w_v = p.w.w_k; }), "the values are made with w_k");
}

Matches but_not_another_mixture(Matches matcher, const LayerParts& right) {
  const auto with = changes_of(right, &LayerParts::operator());
  return std::move(matcher)
      .but_not(with([](LayerParts& p) { p.no_projection = true; }),
               "w_o is missing: the heads' results stand side by side, unmixed")
      .but_not(with([](LayerParts& p) { p.one_batch = true; }), "every batch returns the result of batch 0")
      .but_not(with([](LayerParts& p) { p.batches_add_up = true; }),
               "the result of each sequence was added to those of the sequences before it: begin with zeros for each")
      .but_not(with([](LayerParts& p) { p.one_strip = true; }),
               "every head meets the rows of w_o that belong to head 0: head h has rows h * head_dim to (h + 1) * "
               "head_dim")
      .but_not(with([](LayerParts& p) { p.first_head = p.heads - 1; }),
               "only the last head is in the result: each head adds its product to what is there (beta = 1)")
      .but_not(
          with([](LayerParts& p) { p.merge = merge_by_shape; }),
          "the heads' results [heads, seq, head_dim] were read as [seq, heads * head_dim] without moving a number: "
          "row i of what meets w_o must be row i of head 0, then row i of head 1, ...")
      .but_not(with([](LayerParts& p) { p.split = split_by_shape; }),
               "the projections [seq, heads * head_dim] were read as [heads, seq, head_dim] without moving a number: "
               "head h is columns h * head_dim to (h + 1) * head_dim of every row")
      .but_not(with([](LayerParts& p) { p.split = split_by_shape, p.merge = merge_by_shape; }),
               "[seq, heads * head_dim] was taken for [heads, seq, head_dim], and back: no number was moved")
      .but_not(with([](LayerParts& p) { p.split = split_interleaved, p.merge = merge_interleaved; }),
               "head h uses channels h, h + heads, ...: a head is head_dim neighbours");
}

Matches matches_layer(const LayerParts& right) {
  return matches(right(), oracle::cross_attention_layer_rounding(right.q_from, right.k_from, right.w, right.heads,
                                                                 right.kv_heads, right.options));
}

Matches projects_after(const LayerParts& old, const LayerParts& right) {
  const auto with = changes_of(right, &LayerParts::operator());
  const std::string rule = ": nothing may be kept from one call to the next, not even for inputs of the same shape";
  return matches_layer(right)
      .but_not([old] { return old(); }, "this is the result of the call before" + rule)
      .but_not(with([old](LayerParts& p) { p.w = old.w; }), "the weights are those of the call before" + rule)
      .but_not(with([old](LayerParts& p) { p.w.w_k = old.w.w_k, p.w.w_v = old.w.w_v; }),
               "w_k and w_v are those of the call before" + rule)
      .but_not(with([old](LayerParts& p) { p.q_from = old.q_from, p.k_from = old.k_from, p.v_from = old.v_from; }),
               "the input is that of the call before" + rule)
      .but_not(with([old](LayerParts& p) {
                 p.k_from = old.k_from, p.v_from = old.v_from, p.w.w_k = old.w.w_k, p.w.w_v = old.w.w_v;
               }),
               "keys and values are those of the call before" + rule);
}

Matches projects_and_attends(const LayerParts& right) {
  const auto with = changes_of(right, &LayerParts::operator());
  const auto scaled = [&](std::int64_t terms) {
    return with([terms](LayerParts& p) { p.options.scale = 1 / std::sqrt(static_cast<double>(terms)); });
  };
  Matches matcher = but_not_another_mixture(but_not_another_source(matches_layer(right), right), right);
  Matches known =
      std::move(matcher)
          .but_not(with([](LayerParts& p) {
                     p.options.key_head = p.options.value_head = [n = p.kv_heads](std::int64_t h) { return h % n; };
                   }),
                   "query head h reads KV head h % kv_heads: it is the neighbours that share, h / n_rep")
          .but_not(scaled(1), "the scores are not scaled by 1 / sqrt(head_dim)")
          .but_not(scaled(right.q_from.dim(2)),
                   "the scores are scaled by 1 / sqrt(d_model), but each is a dot product of head_dim terms only")
          .but_not(scaled(right.w.w_q.dim(1)),
                   "the scores are scaled by 1 / sqrt(width), but each is a dot product of head_dim terms only")
          .but_not(
              scaled(std::max<std::int64_t>(1, right.q_from.dim(2) / right.heads)),
              "the scores are scaled by 1 / sqrt(d_model / heads), but each is a dot product of head_dim terms, and "
              "head_dim is a number of its own")
          .but_not(with([](LayerParts& p) { p.options.visible = {}; }), "there is no mask: config.mask is ignored")
          .but_not(with([](LayerParts& p) {
                     p.options.visible = oracle::visible(Mask::causal, p.q_from.dim(1), p.k_from.dim(1));
                   }),
                   "the mask is causal whatever config.mask says");
  const WithSlip slips = [with](const RowSlip& slip) { return with([&](LayerParts& p) { p.slip = slip; })(); };
  return but_not_another_walk(but_not_another_row(std::move(known), slips), slips);
}

}  // namespace workbook::attention_tests
