#pragma once
/// What this lesson's functions should return, and what they return when somebody has one idea wrong.

#include <cmath>
#include <limits>

#include "common/checker/student.h"
#include "common/oracle/attention.h"

namespace workbook::grouped_query {

/// Inputs of one call, different for every batch and head.
struct Inputs {
  Tensor q, k, v;
};

inline Inputs random_inputs(std::int64_t batch, std::int64_t heads, std::int64_t kv_heads, std::int64_t q_len,
                            std::int64_t kv_len, std::int64_t head_dim, float stddev = 1) {
  return {random_normal({batch, heads, q_len, head_dim}, stddev),
          random_normal({batch, kv_heads, kv_len, head_dim}, stddev),
          random_normal({batch, kv_heads, kv_len, head_dim})};
}

/// The same first batch for all.
inline Tensor first_batch_only(const Tensor& x) {
  Tensor result = x;
  for (std::int64_t b = 1; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h) result.matrix(b, h) = x.matrix(0, h);
  return result;
}

/// The right answer, but `fill(batch, head)` in the rows of queries that see no key.
template <class Fill>
Tensor64 with_blind_rows(const Inputs& in, const oracle::Attention& options, Fill fill) {
  Tensor64 result = oracle::attention(in.q, in.k, in.v, options);
  for (std::int64_t b = 0; b < result.dim(0); ++b)
    for (std::int64_t h = 0; h < result.dim(1); ++h)
      for (std::int64_t i = 0; i < in.q.dim(2) - in.k.dim(2); ++i)
        std::ranges::copy(fill(b, h), result.row(b, h, i).begin());
  return result;
}

/// The right answer, but NaN in every row whose largest score makes exp infinite, or zero, in float.
inline Tensor64 overflowing(const Inputs& in, const oracle::Attention& options) {
  const std::int64_t head_dim = in.q.dim(3), n_rep = in.q.dim(1) / in.k.dim(1);
  const double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(head_dim)));
  Tensor64 result = oracle::attention(in.q, in.k, in.v, options);
  for (std::int64_t b = 0; b < in.q.dim(0); ++b)
    for (std::int64_t h = 0; h < in.q.dim(1); ++h)
      for (std::int64_t i = 0; i < in.q.dim(2); ++i) {
        double largest = -std::numeric_limits<double>::infinity();
        for (std::int64_t j = 0; j < in.k.dim(2); ++j) {
          if (options.visible && !options.visible(i, j)) continue;
          double score = 0;
          for (std::int64_t d = 0; d < head_dim; ++d) score += in.q.at(b, h, i, d) * in.k.at(b, h / n_rep, j, d);
          largest = std::max(largest, score * scale);
        }
        const float power = std::exp(static_cast<float>(largest));
        if (std::isinf(power) || power == 0) std::ranges::fill(result.row(b, h, i), std::nan(""));
      }
  return result;
}

/// Matches grouped_query_attention(q, k, v, options), and knows the mistakes that people make.
inline Matches attends(const Inputs& in, const AttentionOptions& options) {
  const std::int64_t q_len = in.q.dim(2), kv_len = in.k.dim(2), head_dim = in.q.dim(3);
  const std::int64_t heads = in.q.dim(1), kv_heads = in.k.dim(1), shift = kv_len - q_len;
  const oracle::Attention right{.visible = oracle::visible(options.mask, q_len, kv_len), .scale = options.scale};
  // Each mistake is the right formula with one argument changed.
  const auto with = [in, right](auto change) {
    return [in, right, change] {
      oracle::Attention wrong = right;
      change(wrong);
      return oracle::attention(in.q, in.k, in.v, wrong);
    };
  };
  const oracle::HeadMap interleaved = [kv_heads](std::int64_t h) { return h % kv_heads; };
  const oracle::HeadMap first = [](std::int64_t) { return std::int64_t{0}; };
  const auto causal_with = [with](auto visible) { return with([visible](auto& a) { a.visible = visible; }); };
  const auto blind = [in, right](auto fill) { return [in, right, fill] { return with_blind_rows(in, right, fill); }; };

  return matches(oracle::attention(in.q, in.k, in.v, right), oracle::attention_rounding(in.q, in.k, in.v, right))
      .but_not(with([=](auto& a) { a.key_head = a.value_head = interleaved; }),
               "query head h reads KV head h % kv_heads, so heads 0, kv_heads, 2 kv_heads, ... share. It is the "
               "neighbours that share: h / n_rep")
      .but_not(with([=](auto& a) { a.key_head = interleaved; }),
               "the values are of the right head, the keys of head h % kv_heads: both are head h / n_rep")
      .but_not(with([=](auto& a) { a.value_head = interleaved; }),
               "the keys are of the right head, the values of head h % kv_heads: both are head h / n_rep")
      .but_not(with([=](auto& a) { a.key_head = a.value_head = first; }),
               "every query head reads KV head 0: that is right for one KV head only")
      .but_not([=] { return oracle::attention(in.q, first_batch_only(in.k), first_batch_only(in.v), right); },
               "every batch reads the keys and values of batch 0")
      .but_not(with([](auto& a) { a.scale = 1; }),
               "the scores are not scaled: their variance grows with head_dim, so the softmax picks one key")
      .but_not(with([=](auto& a) { a.scale = 1.0 / static_cast<double>(head_dim); }),
               "the scores are divided by head_dim: its square root is missing")
      .but_not(with([=](auto& a) { a.scale = 1 / std::sqrt(static_cast<double>(heads * head_dim)); }),
               "the scores are scaled for a dot product over all heads together; each is over one head_dim only")
      .but_not(with([](auto& a) { a.scale = std::nullopt; }),
               "options.scale is ignored: 1 / sqrt(head_dim) is only for when none is given")
      .but_not(with([](auto& a) { a.visible = {}; }), "there is no mask: every query sees every key")
      .but_not(with([](auto& a) { a.mask_after_softmax = true; }),
               "the mask comes after the softmax: the hidden keys have lost their values but still have their share of "
               "the denominator, so the weights of a row do not sum to 1")
      .but_not(causal_with([](std::int64_t i, std::int64_t j) { return j <= i; }),
               "query i sees keys 0 to i. When the queries are the last q_len of kv_len positions, query 0 is at "
               "position kv_len - q_len, and sees all keys up to there")
      .but_not(causal_with([=](std::int64_t i, std::int64_t j) { return j < i + shift; }),
               "a query does not see the key at its own position: the mask is off by one")
      .but_not(causal_with([=](std::int64_t i, std::int64_t j) { return j <= i + shift + 1; }),
               "a query sees the key after its own position: the mask is off by one")
      .but_not(blind([head_dim](std::int64_t, std::int64_t) {
                 return std::vector<double>(static_cast<std::size_t>(head_dim), std::nan(""));
               }),
               "a query that sees no key has a softmax of 0 / 0: its row must be zeros")
      .but_not([=] { return overflowing(in, right); },
               "exp overflowed: take the largest score of a row off before exp, nothing else changes")
      .but_not(blind([=](std::int64_t b, std::int64_t h) {
                 std::vector<double> mean(static_cast<std::size_t>(head_dim));
                 for (std::int64_t j = 0; j < kv_len; ++j)
                   for (std::size_t d = 0; d < mean.size(); ++d)
                     mean[d] += in.v.row(b, h * kv_heads / heads, j)[d] / static_cast<double>(kv_len);
                 return mean;
               }),
               "a query that sees no key returns the mean of all values: is the mask a large finite number? All keys "
               "are then equally bad, and the softmax does not know that none is allowed");
}

/// Inputs and weights of a layer; elements of q, k and v are then of size 1.
struct Layer {
  Tensor x;
  LayerWeights weights;
  LayerConfig config;
};

inline Layer random_layer(std::int64_t batch, std::int64_t seq, std::int64_t d_model, const LayerConfig& config) {
  const std::int64_t q_width = std::int64_t{config.heads} * config.head_dim;
  const std::int64_t kv_width = std::int64_t{config.kv_heads} * config.head_dim;
  const auto weights = [](std::int64_t in, std::int64_t out) {
    return random_normal({in, out}, 1 / std::sqrt(static_cast<float>(in)));
  };
  return {random_normal({batch, seq, d_model}),
          {.w_q = weights(d_model, q_width),
           .w_k = weights(d_model, kv_width),
           .w_v = weights(d_model, kv_width),
           .w_o = weights(q_width, d_model)},
          config};
}

/// The layer with another way to get from [batch, seq, width] to heads and back.
template <class Split, class Merge>
Tensor64 layer_with(const Layer& layer, const oracle::Attention& options, Split split, Merge merge) {
  const Tensor64 x = to_double(layer.x);
  const auto& w = layer.weights;
  const Tensor64 q = split(oracle::linear(x, to_double(w.w_q)), layer.config.heads);
  const Tensor64 k = split(oracle::linear(x, to_double(w.w_k)), layer.config.kv_heads);
  const Tensor64 v = split(oracle::linear(x, to_double(w.w_v)), layer.config.kv_heads);
  return oracle::linear(merge(oracle::attention(q, k, v, options)), to_double(w.w_o));
}

/// Matches forward(x, weights, config), and knows the mistakes that people make.
inline Matches projects_and_attends(const Layer& layer) {
  const LayerConfig& config = layer.config;
  const std::int64_t seq = layer.x.dim(1), kv_heads = config.kv_heads;
  const double d_model = static_cast<double>(layer.x.dim(2));
  const oracle::Attention right{.visible = oracle::visible(config.mask, seq, seq)};
  const oracle::LayerWeights weights{to_double(layer.weights.w_q), to_double(layer.weights.w_k),
                                     to_double(layer.weights.w_v), to_double(layer.weights.w_o)};
  const Tensor64 x = to_double(layer.x);
  const auto with = [layer, right](auto change) {
    return [layer, right, change] {
      oracle::Attention wrong = right;
      change(wrong);
      return layer_with(layer, wrong, oracle::split_heads, oracle::merge_heads);
    };
  };
  // The same numbers in memory under another shape: nothing is moved.
  const auto split_by_shape = [](const Tensor64& t, std::int64_t heads) {
    return t.reshaped({t.dim(0), heads, t.dim(1), t.dim(2) / heads});
  };
  const auto merge_by_shape = [](const Tensor64& t) { return t.reshaped({t.dim(0), t.dim(2), t.dim(1) * t.dim(3)}); };

  return matches(oracle::attention_layer(x, weights, config.heads, kv_heads, right),
                 oracle::attention_layer_rounding(x, weights, config.heads, kv_heads, right))
      .but_not(
          [=] { return layer_with(layer, right, oracle::split_heads, merge_by_shape); },
          "the heads' results [heads, seq, head_dim] were read as [seq, heads * head_dim] without moving a number: "
          "row i of w_o's input is row i of head 0, then row i of head 1, ...")
      .but_not([=] { return layer_with(layer, right, split_by_shape, oracle::merge_heads); },
               "the projections [seq, heads * head_dim] were read as [heads, seq, head_dim] without moving a number: "
               "head h is columns h * head_dim to (h + 1) * head_dim of every row")
      .but_not([=] { return layer_with(layer, right, split_by_shape, merge_by_shape); },
               "[seq, heads * head_dim] and [heads, seq, head_dim] were taken for each other, before and after "
               "attention: their numbers stand in different orders, a reshape moves none")
      .but_not(with([=](auto& a) { a.key_head = a.value_head = [=](std::int64_t h) { return h % kv_heads; }; }),
               "query head h reads KV head h % kv_heads: it is the neighbours that share, h / n_rep")
      .but_not(with([](auto& a) { a.scale = 1; }), "the scores are not scaled by 1 / sqrt(head_dim)")
      .but_not(with([=](auto& a) { a.scale = 1 / std::sqrt(d_model); }),
               "the scores are scaled by 1 / sqrt(d_model), but each is a dot product of head_dim terms only")
      .but_not(with([](auto& a) { a.visible = {}; }), "there is no mask: config.mask is ignored")
      .but_not(with([=](auto& a) { a.visible = oracle::visible(Mask::causal, seq, seq); }),
               "the mask is causal whatever config.mask says");
}

/// LLaMA 3 as published (Grattafiori et al. 2024, table 3), at the batch and lengths of this lesson's text.
inline const CacheShape kLlama3_70B{.layers = 80, .batch = 1, .kv_heads = 8, .kv_len = 4096, .head_dim = 128};
inline const CacheShape kLlama3_405B{.layers = 126, .batch = 1, .kv_heads = 8, .kv_len = 2048, .head_dim = 128};

inline std::int64_t cache_bytes(const CacheShape& s) {
  return std::int64_t{2} * s.layers * s.batch * s.kv_heads * s.kv_len * s.head_dim * s.bytes_per_element;
}

/// Matches kv_cache_bytes(shape), and knows the mistakes that people make.
inline Matches is_cache_size(const CacheShape& shape) {
  const std::int64_t right = cache_bytes(shape);
  const auto without = [=](std::int64_t factor) { return [=] { return right / std::max<std::int64_t>(factor, 1); }; };
  return matches(right, {0, 0, "a count is exact"})
      .but_not([=] { return static_cast<std::int64_t>(static_cast<std::int32_t>(right)); },
               "the product was computed in int, which ends at 2 147 483 647: make its first factor a std::int64_t, "
               "the result's type comes too late")
      .but_not(without(2), "this is one of two tensors: a cache holds keys and values")
      .but_not(without(shape.bytes_per_element), "this counts elements, not bytes")
      .but_not(without(shape.layers), "this is the cache of one layer: every layer has its own")
      .but_not(without(shape.batch), "this is the cache of one sequence: every sequence of the batch has its own")
      .but_not(without(shape.kv_heads), "this is the cache of one KV head")
      .but_not(without(shape.head_dim), "each key has head_dim elements")
      .but_not(without(2 * std::int64_t{shape.bytes_per_element}),
               "this counts keys in elements: bytes, and values too");
}

/// The result of a call. If it throws where it should not, `sentence` is told with what it threw.
template <class Call>
auto told(Call call, const std::string& sentence) {
  try {
    return call();
  } catch (const std::logic_error&) {  // std::invalid_argument and std::out_of_range among them
    const auto thrown = session().take_explanation();
    session().explain_failure(Verdict::wrong, (thrown ? thrown->text : "") + "\nLikely: " + sentence);
    throw;
  }
}

/// forward's result for this layer.
inline Tensor run(const Layer& layer) {
  return told([&] { return student<forward>(layer.x, layer.weights, layer.config); },
              "keys or values were given as many columns as the queries. q is heads * head_dim wide, k and v only "
              "kv_heads * head_dim, and so are w_k and w_v");
}

/// Checks that a call with heads that do not divide throws std::invalid_argument, and that its message names both.
template <class Call>
void check_refused(Call call, int heads, int kv_heads) {
  const std::string expected = std::to_string(heads) + " query heads cannot share " + std::to_string(kv_heads) +
                               " KV heads evenly: expected std::invalid_argument before any head is read";
  try {
    call();
    FAIL_CHECK(expected << ", found a result");
  } catch (const std::invalid_argument& e) {
    const std::string message = e.what();
    INFO("the message was \"" << message
                              << "\": it should say what was expected and name both numbers that were found");
    CHECK(message.find(std::to_string(heads)) != std::string::npos);
    CHECK(message.find(std::to_string(kv_heads)) != std::string::npos);
  } catch (const std::out_of_range&) {
    const auto thrown = session().take_explanation();
    session().explain_failure(Verdict::wrong, (thrown ? thrown->text : "") + "\n" + expected);
    throw;
  }
}

}  // namespace workbook::grouped_query
