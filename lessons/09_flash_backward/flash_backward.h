#pragma once
/// The gradients of attention, in two ways, and dropout that the backward pass can repeat.
///
///   s = q k^T / sqrt(head_dim)     p = softmax(s) over the keys that the mask shows     output = p v
///
/// Given d_output, the derivative of some loss with respect to the output, the backward pass returns the derivatives
/// with respect to q, k and v. unfused: from the stored weights p. flash: from q, k, v, the output and one log-sum-exp
/// for each query; the weights are computed again, tile by tile. Both give the same gradients, up to rounding:
///   - heads is a multiple of kv_heads, and query head h reads KV head h / (heads / kv_heads);
///   - the gradients of a KV head are sums over all query heads that read it;
///   - a causal mask shows query i the first i + 1 + kv_len - q_len keys;
///   - a query that sees no key gets and gives zero gradients;
///   - nothing overflows, however large the scores are;
///   - the result depends on the arguments only, not on earlier calls.

#include <array>
#include <cstdint>

#include "common/contract/contract.h"
#include "common/contract/mask.h"
#include "common/tensor/linalg.h"

namespace workbook::flash_backward {

/// Derivatives of the loss, each of the shape of what it belongs to.
struct Gradients {
  Tensor dq;  ///< [batch, heads, q_len, head_dim]
  Tensor dk;  ///< [batch, kv_heads, kv_len, head_dim]
  Tensor dv;  ///< [batch, kv_heads, kv_len, head_dim]
};

/// What the forward pass returns.
struct Forward {
  Tensor output;  ///< [batch, heads, q_len, head_dim]
  Tensor lse;     ///< [batch, heads, q_len]: log of the sum of exp(s) over the keys that the query sees; -inf if none
};

/// All that the flash backward pass gets besides q, k and v.
struct Outputs {
  Tensor output;    ///< [batch, heads, q_len, head_dim], from the forward pass
  Tensor lse;       ///< [batch, heads, q_len], from the forward pass
  Tensor d_output;  ///< [batch, heads, q_len, head_dim], from whatever used the output
};

/// Tiles may have any size from 1 to the largest int: they need not divide the lengths, and may exceed them.
struct Options {
  Mask mask = Mask::none;
  int q_tile = 64;   ///< queries that are worked on at a time
  int kv_tile = 64;  ///< keys that they meet at a time
};

/// Each weight is set to 0 with probability p, and multiplied by 1 / (1 - p) otherwise.
struct Dropout {
  double p = 0;            ///< in [0, 1)
  std::uint64_t seed = 0;  ///< the same seed drops the same weights
};

/// How the backward pass gets the weights.
enum class Method {
  unfused,  ///< from memory: the forward pass has stored them
  flash,    ///< by computing them again
};

/// Attention of this size, without a mask, in float32.
struct Problem {
  int batch = 1;
  int heads = 1;  ///< as many KV heads
  int q_len = 1;
  int kv_len = 1;
  int head_dim = 1;
};

struct Cost {
  std::int64_t forward_flops = 0;
  std::int64_t backward_flops = 0;
  std::int64_t kept_bytes = 0;
};

/// The derivative of the loss with respect to scores, if p is their softmax and dp the derivative with respect to p:
/// ds_ij = p_ij (dp_ij - sum_k p_ik dp_ik). Each row for itself; a row of zeros gives zeros.
Tensor softmax_backward(const Tensor& p,    // [rows, columns]
                        const Tensor& dp);  // [rows, columns] -> [rows, columns]

/// Gradients from the stored weights. Time O(batch heads q_len kv_len head_dim), in four products for each head.
Gradients attention_backward(const Tensor& q,          // [batch, heads, q_len, head_dim]
                             const Tensor& k,          // [batch, kv_heads, kv_len, head_dim]
                             const Tensor& v,          // [batch, kv_heads, kv_len, head_dim]
                             const Tensor& p,          // [batch, heads, q_len, kv_len], 0 where a key is hidden
                             const Tensor& d_output);  // [batch, heads, q_len, head_dim] -> dq, dk, dv

/// Gradients tile by tile (Dao et al. 2022, appendix B): p_ij = exp(s_ij - lse_i) where query i sees key j, in five
/// products for each tile. A tile in which no query sees a key is not read. Time O(batch heads q_len kv_len head_dim),
/// about half of it if causal. Workspace O(q_tile (kv_tile + head_dim) + kv_tile head_dim), whatever the lengths are.
/// @throws std::invalid_argument if a tile size is < 1, naming what was found
Gradients flash_backward(const Tensor& q,          // [batch, heads, q_len, head_dim]
                         const Tensor& k,          // [batch, kv_heads, kv_len, head_dim]
                         const Tensor& v,          // [batch, kv_heads, kv_len, head_dim]
                         const Outputs& outputs,   // of flash attention without dropout
                         const Options& options);  // -> dq, dk, dv

/// Philox 4x32-10 (Salmon et al. 2011): four random words that depend on counter and key only. In each of ten rounds
///   a = 0xD2511F53 c0 and b = 0xCD9E8D57 c2, in 64 bits
///   (c0, c1, c2, c3) becomes (high(b) ^ c1 ^ key0, low(b), high(a) ^ c3 ^ key1, low(a))
/// and between two rounds, key0 grows by 0x9E3779B9 and key1 by 0xBB67AE85. high and low are halves of 32 bits.
std::array<std::uint32_t, 4> philox(const std::array<std::uint32_t, 4>& counter,  //
                                    const std::array<std::uint32_t, 2>& key);

/// The factor of one weight: 0 if it is dropped, else 1 / (1 - p), and exactly 1 if p is 0.
/// Key: the low and the high half of the seed. Counter: column / 4, row, head, batch. Of the four words, the one at
/// column % 4 decides: the weight is dropped if word < p 2^32, compared in double. All positions are those in the
/// tensors, so tiles change nothing.
/// @pre positions are in [0, 2^32)   @throws std::invalid_argument if p is not in [0, 1), naming it
float dropout_factor(const Dropout& dropout, std::int64_t batch, std::int64_t head, std::int64_t row,
                     std::int64_t column);

/// Attention tile by tile in which p_ij is multiplied by its dropout_factor before it meets v. The sum of the softmax,
/// and with it lse, is that of the weights before dropout. Workspace as flash_backward.
/// @throws std::invalid_argument if a tile size is < 1 or p is not in [0, 1), naming what was found
Forward flash_attention_dropout(const Tensor& q,                                  // [batch, heads, q_len, head_dim]
                                const Tensor& k,                                  // [batch, kv_heads, kv_len, head_dim]
                                const Tensor& v,                                  // [batch, kv_heads, kv_len, head_dim]
                                const Options& options, const Dropout& dropout);  // -> output, lse

/// The gradients of flash_attention_dropout, from the same dropout. Time, workspace and exceptions as above.
Gradients flash_backward_dropout(const Tensor& q,         // [batch, heads, q_len, head_dim]
                                 const Tensor& k,         // [batch, kv_heads, kv_len, head_dim]
                                 const Tensor& v,         // [batch, kv_heads, kv_len, head_dim]
                                 const Outputs& outputs,  // of flash_attention_dropout
                                 const Options& options, const Dropout& dropout);  // -> dq, dk, dv

/// FLOPs of the products, a multiplication and an addition counting 1 each: two in the forward pass; in the backward
/// pass four if unfused and five if flash. kept_bytes: what the forward pass leaves to the backward pass besides q, k
/// and v, which is p if unfused, and output and lse if flash. Exact up to 2^63 - 1. @pre every extent >= 1
Cost training_cost(Method method, const Problem& problem);

inline constexpr Contract<softmax_backward, attention_backward, flash_backward, philox, dropout_factor,
                          flash_attention_dropout, flash_backward_dropout, training_cost>
    contract;

}  // namespace workbook::flash_backward
