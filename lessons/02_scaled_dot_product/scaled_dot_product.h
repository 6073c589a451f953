#pragma once
/// Scaled dot-product attention, unfused: one step after the other, each with a tensor of its own as its result.
///
/// Two words in this header:
///   - "Aligned at the end": of q_len queries and kv_len keys, the last query and the last key are the same position.
///   - "Broadcast": shapes are aligned at their last axes, and missing axes in front count as 1. An axis of extent 1
///     fits any extent; its elements then serve for all indices of that axis, and are not copied.
/// Every extent may have any size, 0 included. Nothing survives a call.

#include <cstdint>
#include <optional>
#include <vector>

#include "common/contract/contract.h"
#include "common/contract/mask.h"
#include "common/tensor/linalg.h"

namespace workbook::scaled_dot_product {

/// What is done to the scores before the softmax. A key is hidden from a query if any of the first two hides it.
struct Masks {
  Mask mask = Mask::none;                                ///< causal: aligned at the end
  std::optional<TensorOf<bool>> allowed = std::nullopt;  ///< true: may be seen. Broadcast to the scores
  std::optional<Tensor> bias = std::nullopt;             ///< added to the scaled scores. Broadcast to the scores
};

/// Result of attention, and the weights it was made with.
struct Attended {
  Tensor out;      ///< [batch, heads, q_len, head_dim]
  Tensor weights;  ///< [batch, heads, q_len, kv_len]
};

struct AttentionShape {
  int batch = 1;
  int heads = 1;
  int q_len = 1;
  int kv_len = 1;
  int head_dim = 1;
  int bytes_per_element = 4;
};

/// Sizes in bytes.
struct Footprint {
  std::int64_t inputs = 0;  ///< q, k and v
  std::int64_t scores = 0;  ///< one tensor of scores, for all batches and heads; the weights take as much again
  std::int64_t total = 0;   ///< q, k, v, scores, weights and out
};

/// scale q k^T, the score of every query with every key of its batch and head. The scale is 1 / sqrt(head_dim) if not
/// given; a given one counts whatever it is, also 0 or negative. Error at most (head_dim + 4) u of the sum of the
/// products' sizes, u = 2^-24.
/// Time O(batch heads q_len kv_len head_dim).
Tensor scaled_scores(const Tensor& q,              // [batch, heads, q_len, head_dim]
                     const Tensor& k,              // [batch, heads, kv_len, head_dim]
                     std::optional<float> scale);  // -> [batch, heads, q_len, kv_len]

/// The shape of an element-wise operation on tensors of shapes a and b, as NumPy and PyTorch define it. Aligned at
/// their last axes, two extents must be equal, or one of them 1, and the result has the other.
/// @throws std::invalid_argument if they do not fit
std::vector<std::int64_t> broadcast_shape(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b);

/// The scores with -inf for every hidden key, whatever its score and bias are (NaN, too), and the bias added to the
/// others. O(scores) time; no memory but the result's.
/// @throws std::invalid_argument if broadcasting with `allowed` or `bias` gives another shape than the scores', even if
///         they fit: the scores must not grow. The message names both shapes
Tensor apply_masks(const Tensor& scores,  // [batch, heads, q_len, kv_len]
                   const Masks& masks);   // -> [batch, heads, q_len, kv_len]

/// Softmax over the keys: every row is shifted by its largest score, so nothing overflows, and no finite score is too
/// low to count. A row of nothing but -inf gives zeros, and a NaN makes its row NaN. Relative error of a weight at most
/// (kv_len + log kv_len + 96) u.
Tensor softmax(const Tensor& scores);  // [batch, heads, q_len, kv_len] -> [batch, heads, q_len, kv_len]

/// softmax(scale q k^T + masks) v (Vaswani et al. 2017), step after step, with the weights that it used. A query that
/// sees no key gives zeros. It holds two tensors of scores at a time, of which the last is returned, and no copy of a
/// mask.
/// @throws std::invalid_argument as apply_masks
Attended scaled_dot_product_attention(const Tensor& q,  // [batch, heads, q_len, head_dim]
                                      const Tensor& k,  // [batch, heads, kv_len, head_dim]
                                      const Tensor& v,  // [batch, heads, kv_len, head_dim]
                                      const Masks& masks, std::optional<float> scale);

/// What unfused attention of this shape holds in memory. Exact up to 2^63 - 1. @pre every extent >= 0
Footprint footprint(const AttentionShape& shape);

inline constexpr Contract<scaled_scores, broadcast_shape, apply_masks, softmax, scaled_dot_product_attention, footprint>
    contract;

}  // namespace workbook::scaled_dot_product
