#pragma once
/// Bytes and FLOPs as the contract counts them, and as somebody with one idea wrong would.

#include "common/checker/student.h"

namespace workbook::latent_attention {

/// The count as floating point has it.
inline std::int64_t in_double(std::int64_t count) { return static_cast<std::int64_t>(static_cast<double>(count)); }
inline std::int64_t in_float(std::int64_t count) {
  return static_cast<std::int64_t>(static_cast<double>(static_cast<float>(count)));
}
inline const char* const kInDouble =
    "the count was rounded to a floating-point number on its way: a double has 53 bits, a float 24";

inline std::int64_t expected_bytes(Scheme scheme, const Model& m) {
  const std::int64_t per_head = 2 * std::int64_t{m.head_dim}, each = std::int64_t{m.layers} * m.bytes_per_element;
  switch (scheme) {
    case Scheme::multi_head:
      return each * m.heads * per_head;
    case Scheme::grouped_query:
      return each * m.kv_heads * per_head;
    case Scheme::multi_query:
      return each * per_head;
    case Scheme::latent:
      return each * (std::int64_t{m.kv_rank} + m.rope_dim);
  }
  return 0;
}

inline ExactCount leaves_behind(Scheme scheme, const Model& m) {
  const std::int64_t right = expected_bytes(scheme, m), each = std::int64_t{m.layers} * m.bytes_per_element;
  const auto if_latent = [=](std::int64_t elements) { return scheme == Scheme::latent ? each * elements : right; };
  return is_count(right)
      .but_not(right / m.bytes_per_element,
               m.bytes_per_element == 2 && scheme != Scheme::latent
                   ? "this is half: an element has 2 bytes, and keys and values are both cached"
                   : "this counts elements, not bytes")
      .but_not(right / m.layers, "this is one layer: every layer has a cache of its own")
      .but_not(if_latent(m.kv_rank), "the rope key is forgotten: it is cached, too")
      .but_not(if_latent(2 * (std::int64_t{m.kv_rank} + m.rope_dim)),
               "latents were counted twice, for keys and for values: both are made from the same latent")
      .but_not(if_latent(2 * std::int64_t{m.kv_rank} + m.rope_dim),
               "the latent was counted twice, for keys and for values: both are made from the same one")
      .but_not(if_latent(std::int64_t{m.heads} * (m.kv_rank + m.rope_dim)),
               "every head was given a latent and a rope key: all heads share one of each")
      .but_not(if_latent(m.kv_rank + std::int64_t{m.heads} * m.rope_dim),
               "every head was given a rope key: all heads share one")
      .but_not(scheme == Scheme::latent ? right : right / 2, "half is missing: keys and values are both cached")
      .but_not(scheme == Scheme::grouped_query ? right / m.kv_heads * (m.heads / m.kv_heads) : right,
               "heads / kv_heads is how many query heads share a KV head: cached are kv_heads of them")
      .but_not(scheme == Scheme::grouped_query ? right / m.kv_heads * m.heads : right,
               "every query head was given keys and values: query heads of a group share theirs, there are kv_heads")
      .but_not(in_double(right), kInDouble)
      .but_not(in_float(right), kInDouble)
      .but_not_in_int();
}

inline std::string in_int(const std::string& what) {
  return what +
         " was computed in int, which ends at 2 147 483 647: make a factor or summand of it a std::int64_t first";
}

/// FLOPs, with what goes wrong as arguments.
struct Work {
  std::int64_t ups = 0;  ///< rows that are multiplied with w_uk and w_uv
  std::int64_t up = 0;   ///< FLOPs of one of them
  std::int64_t pairs = 0;
  std::int64_t pair = 0;
  std::int64_t flops() const { return ups * up + pairs * pair; }
};

inline Work expected_work(Form form, const Problem& p) {
  const std::int64_t rank = p.kv_rank, pairs = std::int64_t{p.q_len} * p.kv_len;
  const std::int64_t up = 2 * rank * (std::int64_t{p.head_dim} + p.value_dim);
  if (form == Form::expanded) return {p.kv_len, up, pairs, 2 * (std::int64_t{p.head_dim} + p.rope_dim + p.value_dim)};
  return {p.q_len, up, pairs, 2 * (2 * rank + p.rope_dim)};
}

inline ExactCount costs(Form form, const Problem& p) {
  const Work right = expected_work(form, p);
  const auto with = changes_of(right, &Work::flops);
  const bool expanded = form == Form::expanded;
  const std::int64_t rank = p.kv_rank, d = p.head_dim, r = p.rope_dim, value_dim = p.value_dim;
  const std::string latent = d == value_dim ? "absorbed, latents are met and weighted: kv_rank channels both times, in "
                                              "the place of head_dim and of value_dim"
                                            : "";
  return is_count(right.flops())
      .but_not(right.flops() / 2, "this is half: a multiplication and an addition are two FLOPs")
      .but_not(with([](Work& w) { w.ups = 0; }),
               "the products with w_uk and w_uv are missing: for each key if expanded, for each query if absorbed")
      .but_not(with([=](Work& w) { w.ups = expanded ? p.q_len : p.kv_len; }),
               "w_uk and w_uv meet the other side: keys if expanded, queries if absorbed")
      .but_not(with([=](Work& w) { w.pair -= 2 * r; }),
               "the scores' part from the rope key is missing: rope_dim channels")
      .but_not(with([=](Work& w) { w.pair = 2 * (expanded ? d + r : rank + r); }),
               "a pair costs a score and the weighting of a value: the second is missing")
      .but_not(with([=](Work& w) { w.pair = 2 * (expanded ? w.pair / 2 : rank + r + value_dim); }),
               latent.empty() ? "absorbed, what is weighted is a latent: kv_rank channels, which become value_dim only "
                                "at the end"
                              : latent)
      .but_not(with([=](Work& w) { w.pair = 2 * (expanded ? w.pair / 2 : d + r + rank); }),
               "absorbed, a query meets latents: a score has kv_rank + rope_dim channels, not head_dim + rope_dim")
      .but_not(with([=](Work& w) { w.up = 2 * rank * d; }), "values have an up-projection, too: w_uv")
      .but_not(in_double(right.flops()), kInDouble)
      .but_not(in_float(right.flops()), kInDouble)
      .but_not(with([](Work& w) { w.pair = static_cast<std::int32_t>(w.pair); }), in_int("the cost of a pair"))
      .but_not(with([](Work& w) { w.pair = 2 * std::int64_t{static_cast<std::int32_t>(w.pair / 2)}; }),
               in_int("the width of a pair"))
      .but_not(with([](Work& w) { w.up = static_cast<std::int32_t>(w.up); }), in_int("the cost of a row's products"))
      .but_not(with([](Work& w) { w.pairs = static_cast<std::int32_t>(w.pairs); }), in_int("the number of pairs"))
      .but_not_in_int();
}

/// DeepSeek V3, and the same as if its heads had keys and values of their own.
inline Model deepseek_v3() {
  return {.layers = 61, .heads = 128, .kv_heads = 8, .head_dim = 128, .kv_rank = 512, .rope_dim = 64};
}

}  // namespace workbook::latent_attention
