#pragma once
/// What grouped-query attention and its layer should return, and what they must refuse.

#include "common/checker/attention/layer.h"
#include "common/checker/student.h"

namespace workbook::grouped_query {

using namespace attention_tests;

/// Attention where row r of a group, whose heads lie one after the other, has the mask of query r / n_rep.
inline Tensor64 masked_by_row_of_group(const Inputs& in, const oracle::Attention& right) {
  const std::int64_t q_len = in.q_len(), n_rep = in.q.dim(1) / in.k.dim(1);
  Tensor64 result(in.q.shape());
  for (std::int64_t place = 0; place < n_rep; ++place) {
    oracle::Attention wrong = right;
    wrong.visible = [=](std::int64_t i, std::int64_t j) { return right.visible((place * q_len + i) / n_rep, j); };
    const Tensor64 of_place = oracle::attention(in.q, in.k, in.v, wrong);
    for (std::int64_t b = 0; b < in.q.dim(0); ++b)
      for (std::int64_t h = place; h < in.q.dim(1); h += n_rep) result.matrix(b, h) = of_place.matrix(b, h);
  }
  return result;
}

/// Matches grouped_query_attention(q, k, v, options), and knows the mistakes that people make.
inline Matches attends(const Inputs& in, const AttentionOptions& options) {
  const oracle::Attention right{.visible = oracle::visible(options.mask, in.q_len(), in.kv_len()),
                                .scale = options.scale};
  return matches_attention(in, right).knowing([in, right](Matches matcher) {
    if (right.visible && in.k.dim(1) > 0 && in.q.dim(1) > in.k.dim(1))
      std::move(matcher).but_not([&] { return masked_by_row_of_group(in, right); },
                                 "the heads of a group are computed together, and row r of them is masked as query r / "
                                 "n_rep: the rows of a head lie together, so row r is query r % q_len");
    return but_not_another_formula(std::move(matcher), in, right);
  });
}

/// What is told of attention of these inputs and options, which follow a call with others of the same shape.
inline Matches attends_after_call(const Inputs& earlier, const AttentionOptions& old, const Inputs& in,
                                  const AttentionOptions& options) {
  const auto of = [&](const AttentionOptions& o) {
    return oracle::Attention{.visible = oracle::visible(o.mask, in.q_len(), in.kv_len()), .scale = o.scale};
  };
  const auto with = changes_of_attention(in, of(options));
  return attends_after(earlier, in, of(options))
      .but_not(with([right = of(old)](auto& a) { a = right; }), "mask and scale are those of the call before")
      .but_not(with([right = of(old)](auto& a) { a.scale = right.scale; }), "the scale is that of the call before");
}

using Layer = LayerOf<LayerWeights, LayerConfig>;

inline Layer random_layer(std::int64_t batch, std::int64_t seq, std::int64_t d_model, const LayerConfig& config) {
  return Layer::random_self({batch, seq, d_model}, std::int64_t{config.heads} * config.head_dim,
                            std::int64_t{config.kv_heads} * config.head_dim, config);
}

/// forward's result for this layer; an exception about shapes is told in the words of the lesson.
inline Tensor run(const Layer& layer) {
  return explaining_shapes([&] { return student<forward>(layer.x, layer.weights, layer.config); },
                           "a projection of the wrong width. q has heads * head_dim columns, k and v only kv_heads * "
                           "head_dim, as w_q, w_k and w_v have; neither need be d_model");
}

/// Matches a call that refuses query heads which cannot share KV heads evenly.
inline Refused refuses_to_share(int heads, int kv_heads) {
  return is_refused(
      std::to_string(heads) + " query heads cannot share " + std::to_string(kv_heads) + " KV heads evenly", heads,
      kv_heads);
}

}  // namespace workbook::grouped_query
