#pragma once
/// What kv_cache_bytes should return, and what comes out when somebody has one idea wrong.

#include "common/checker/student.h"

namespace workbook::grouped_query {

/// LLaMA 3 as published (Grattafiori et al. 2024, table 3), at the batch and lengths of this lesson's text.
inline const CacheShape kLlama3_70B{.layers = 80, .batch = 1, .kv_heads = 8, .kv_len = 4096, .head_dim = 128};
inline const CacheShape kLlama3_405B{.layers = 126, .batch = 1, .kv_heads = 8, .kv_len = 2048, .head_dim = 128};

inline std::int64_t cache_bytes(const CacheShape& s) {
  return std::int64_t{2} * s.layers * s.batch * s.kv_heads * s.kv_len * s.head_dim * s.bytes_per_element;
}

/// The extents by which a cache's size is a product.
inline constexpr int CacheShape::*kExtents[] = {&CacheShape::layers,   &CacheShape::batch,
                                                &CacheShape::kv_heads, &CacheShape::kv_len,
                                                &CacheShape::head_dim, &CacheShape::bytes_per_element};

/// Matches kv_cache_bytes(shape), and knows the mistakes that people make.
inline ExactCount is_cache_size(const CacheShape& shape) {
  const std::int64_t right = cache_bytes(shape);
  const auto without = [=](std::int64_t factor) { return right / std::max<std::int64_t>(factor, 1); };
  return is_count(right)
      .but_not_in_int("the product")
      .but_not_in_int("a part of the product", 2 * std::int64_t{static_cast<std::int32_t>(right / 2)})
      .but_not(without(2), "this is one of two tensors: a cache holds keys and values")
      .but_not(without(shape.bytes_per_element), "this counts elements, not bytes")
      .but_not(without(shape.layers), "this is the cache of one layer: every layer has its own")
      .but_not(without(shape.batch), "this is the cache of one sequence: every sequence of the batch has its own")
      .but_not(without(shape.kv_heads), "this is the cache of one KV head")
      .but_not(without(shape.head_dim), "each key has head_dim elements")
      .but_not(without(2 * std::int64_t{shape.bytes_per_element}),
               "this counts keys in elements: bytes, and values too")
      .but_not(static_cast<std::int64_t>(static_cast<double>(right)),
               "the product was computed in double, which has 53 bits: std::int64_t has 63")
      .but_not(static_cast<std::int64_t>(static_cast<float>(right)),
               "the product was computed in float, which has 24 bits: std::int64_t has 63");
}

}  // namespace workbook::grouped_query
