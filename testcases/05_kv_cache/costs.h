#pragma once
/// Bytes and FLOPs as the contract counts them, and as somebody with one idea wrong would.

#include "common/checker/student.h"

namespace workbook::kv_cache {

inline constexpr const char* kInDouble =
    "the count was rounded to a floating-point number on its way: a double has 53 bits, a float 24";
inline std::int64_t in_double(std::int64_t count) { return static_cast<std::int64_t>(static_cast<double>(count)); }

inline ExactCount is_cache_of(const Model& m, std::int64_t batch, std::int64_t tokens) {
  const bool latent = m.kv_rank > 0;
  const std::int64_t each = std::int64_t{m.layers} * batch * tokens * m.bytes_per_element;
  const std::int64_t numbers =
      latent ? std::int64_t{m.kv_rank} + m.rope_dim : std::int64_t{2} * m.kv_heads * m.head_dim;
  const std::int64_t right = each * numbers;
  const auto if_latent = [=](std::int64_t n) { return latent ? each * n : right; };
  const auto if_heads = [=](std::int64_t n) { return latent ? right : each * n; };
  return is_count(right)
      .but_not(right / m.bytes_per_element,
               m.bytes_per_element == 2 && !latent
                   ? "this is half: an element has 2 bytes, and keys and values are both cached"
                   : "this counts elements, not bytes")
      .but_not(right / m.layers, "this is one layer: every layer has a cache of its own")
      .but_not(right / batch, "this is one sequence: every sequence of the batch has its own tokens")
      .but_not(if_heads(numbers / 2), "half is missing: keys and values are both cached")
      .but_not(if_heads(std::int64_t{2} * m.heads * m.head_dim),
               "every query head was given keys and values: only kv_heads of them are cached")
      .but_not(if_latent(m.kv_rank), "the rope key is forgotten: it is cached, too")
      .but_not(if_latent(numbers * m.kv_heads),
               "all heads share one latent and one rope key: there are none of their own")
      .but_not(if_latent(2 * numbers), "a latent serves as key and as value: it is cached once")
      .but_not(if_latent(std::int64_t{2} * m.kv_heads * m.head_dim),
               "kv_rank is not 0: this model caches a latent and a rope key in place of keys and values")
      .but_not(in_double(right), kInDouble)
      .but_not_in_int();
}

/// What step_cost adds up; what people get wrong is an argument.
struct Work {
  std::int64_t layers = 1, batch = 1, past = 0, q_len = 1, bytes_per_element = 2;
  std::int64_t d_model = 1, width = 1, kv_width = 1;  ///< channels of the hidden states, query heads, KV heads
  std::int64_t pairs = 0;
  std::int64_t per_product = 2, products_of_a_pair = 2;
  std::int64_t projections = 2;        ///< as wide as the query heads: w_q and w_o
  std::int64_t batch_of_weights = 1;   ///< how often they are moved
  std::int64_t read = 0, written = 0;  ///< tokens of the cache
  std::int64_t read_width = 0;         ///< numbers of a token that are read
  std::int64_t hidden = 2;             ///< tensors of hidden states that are moved

  bool weights_in_int = false;

  std::int64_t weights() const {
    const std::int64_t columns = projections * width + 2 * kv_width;
    return weights_in_int ? std::int64_t{static_cast<std::int32_t>(d_model * columns)} : d_model * columns;
  }
  std::int64_t flops() const {
    return layers * batch * per_product * (q_len * weights() + products_of_a_pair * width * pairs);
  }
  std::int64_t bytes() const {
    return layers * bytes_per_element *
           (batch_of_weights * weights() +
            batch * (read * read_width + written * 2 * kv_width + hidden * q_len * d_model));
  }
};

inline Work expected_work(const Model& m, const Step& s) {
  const std::int64_t q_len = s.q_len, past = s.past_len, kv_width = std::int64_t{m.kv_heads} * m.head_dim;
  return {.layers = m.layers,
          .batch = s.batch,
          .past = past,
          .q_len = q_len,
          .bytes_per_element = m.bytes_per_element,
          .d_model = m.d_model,
          .width = std::int64_t{m.heads} * m.head_dim,
          .kv_width = kv_width,
          .pairs = q_len * past + q_len * (q_len + 1) / 2,
          .read = past,
          .written = q_len,
          .read_width = 2 * kv_width};
}

/// Checks both counts.
inline void check_cost(const Cost& got, const Model& m, const Step& s) {
  const Work right = expected_work(m, s);
  const auto flops = changes_of(right, &Work::flops);
  const auto bytes = changes_of(right, &Work::bytes);
  CHECK_THAT(
      got.flops,
      is_count(right.flops(), "flops")
          .but_not(right.flops() / 2, "this is half: a multiplication and an addition are two FLOPs")
          .but_not(flops([](Work& w) { w.layers = 1; }), "this is one layer of the model")
          .but_not(flops([](Work& w) { w.batch = 1; }), "this is one sequence of the batch")
          .but_not(flops([](Work& w) { w.pairs = w.q_len * (w.past + w.q_len); }),
                   "every new token meets all new tokens: it sees the cached ones, those before it, and itself")
          .but_not(flops([](Work& w) { w.pairs = w.q_len * w.past + w.q_len * (w.q_len - 1) / 2; }),
                   "a token sees itself, too: token i of the new ones sees past_len + i + 1")
          .but_not(flops([](Work& w) { w.pairs = w.q_len * w.past; }), "the new tokens see each other, too")
          .but_not(flops([](Work& w) { w.pairs = w.q_len * (w.q_len + 1) / 2; }),
                   "the new tokens see the past_len cached ones, too")
          .but_not(flops([](Work& w) { w.products_of_a_pair = 1; }),
                   "a pair costs a score and the weighting of a value: one of them is missing")
          .but_not(flops([](Work& w) { w.pairs = 0; }), "the pairs are missing: a score and the weighting of a value")
          .but_not(flops([](Work& w) { w.d_model = 0; }),
                   "the projections are missing: the products with w_q, w_k, w_v and w_o")
          .but_not(flops([](Work& w) { w.projections = 1; }), "one of w_q and w_o is missing")
          .but_not(flops([](Work& w) { w.kv_width = w.width; }),
                   "keys and values were projected for every query head: w_k and w_v have kv_heads * head_dim columns")
          .but_not(flops([](Work& w) { w.weights_in_int = true; }),
                   "the number of weights was computed in int, which ends at 2 147 483 647: make one of its factors a "
                   "std::int64_t first")
          .but_not(in_double(right.flops()), kInDouble)
          .but_not_in_int());
  CHECK_THAT(
      got.bytes,
      is_count(right.bytes(), "bytes")
          .but_not(right.bytes() / m.bytes_per_element, "this counts numbers, not bytes")
          .but_not(bytes([](Work& w) { w.layers = 1; }), "this is one layer of the model")
          .but_not(bytes([](Work& w) { w.batch_of_weights = w.batch; }),
                   "the weights were moved for each sequence: one fetch serves the whole batch, which is why servers "
                   "form batches")
          .but_not(bytes([](Work& w) { w.batch = 1; }),
                   "this is one sequence: each has a cache and hidden states of its own")
          .but_not(bytes([](Work& w) { w.batch_of_weights = 0; }), "the weights are missing")
          .but_not(bytes([](Work& w) { w.read = 0; }), "the cached keys and values are missing: all of them are read")
          .but_not(bytes([](Work& w) { w.written = 0; }),
                   "the keys and values of the new tokens are missing: they are written")
          .but_not(bytes([](Work& w) { w.read *= w.q_len; }),
                   "the cache was read for each new token: each number is moved once")
          .but_not(bytes([](Work& w) { w.hidden = 0; }), "the hidden states are missing: read, and written")
          .but_not(bytes([](Work& w) { w.hidden = 1; }), "hidden states are read, and as many outputs written")
          .but_not(bytes([](Work& w) { w.read_width = w.kv_width; }), "keys and values are both read")
          .but_not(
              bytes([](Work& w) { w.kv_width = w.width, w.read_width = 2 * w.width; }),
              "every query head was given keys and values: w_k, w_v and the cache have kv_heads * head_dim channels")
          .but_not(bytes([](Work& w) { w.read_width = 2 * w.width, w.written *= w.width / w.kv_width; }),
                   "the cache was counted for every query head: it holds kv_heads heads")
          .but_not(bytes([](Work& w) { w.read_width = 2 * w.width; }),
                   "a cached key was read for each query head: each number is moved once, for its whole group")
          .but_not(bytes([](Work& w) { w.weights_in_int = true; }),
                   "the number of weights was computed in int, which ends at 2 147 483 647: make one of its factors a "
                   "std::int64_t first")
          .but_not(in_double(right.bytes()), kInDouble)
          .but_not_in_int());
}

/// As published: Touvron et al. 2023 (table 2), Grattafiori et al. 2024 (table 3), DeepSeek-AI 2024 (section 4.2).
inline Model llama_7b() { return {.layers = 32, .d_model = 4096, .heads = 32, .kv_heads = 32, .head_dim = 128}; }
inline Model llama3_8b() { return {.layers = 32, .d_model = 4096, .heads = 32, .kv_heads = 8, .head_dim = 128}; }
inline Model deepseek_v3() {
  return {
      .layers = 61, .d_model = 7168, .heads = 128, .kv_heads = 128, .head_dim = 128, .kv_rank = 512, .rope_dim = 64};
}

}  // namespace workbook::kv_cache
