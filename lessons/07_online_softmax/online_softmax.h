#pragma once
/// Softmax over keys that come in pieces: what to keep of the keys seen so far, and how to merge what was kept.
///
/// A *part* is any set of keys of one query's row. All that is kept of it is its largest logit, max, and sums in which
/// key j counts exp(x_j - max). Invariants, with u = 2^-24 the unit roundoff of float:
///   - max is one of the part's logits, unchanged, so `sum` lies between 1 and the number of keys. A part without keys,
///     or with masked keys only (logit -inf), has max -inf and sum 0;
///   - parts that share no key merge in any order, in any grouping; only the rounding differs;
///   - a part without keys is neutral: merged with another, it changes nothing, not even in the last bit;
///   - nothing overflows, however large the logits are and in whatever order they come; no finite logit is too low: a
///     part whose logits are all -3e38 is no empty part;
///   - a NaN among the logits is never hidden: it makes the sums NaN.
/// Logits are finite, -inf or NaN. Any number of keys, channels and logits is possible, none included. Nothing survives
/// a call. Besides std::bad_alloc, only what is named below is thrown.

#include <limits>
#include <span>

#include "common/contract/contract.h"
#include "common/tensor/linalg.h"

namespace workbook::online_softmax {

/// What softmax needs to know of the keys of a part.
struct Normalizer {
  float max = -std::numeric_limits<float>::infinity();  ///< the largest logit
  float sum = 0;                                        ///< of exp(x_j - max)
};

/// What attention needs to know of them: weighted / sum is the attention over the keys of the part.
struct PartialAttention {
  float max = -std::numeric_limits<float>::infinity();  ///< the largest logit
  float sum = 0;                                        ///< of exp(x_j - max)
  Tensor weighted;                                      ///< [1, head_dim]: sum of exp(x_j - max) v_j
};

/// The part that holds the keys of `seen` and those of `logits`, which may be many, one or none.
/// Time O(logits), memory O(1). @see Milakov and Gimelshein, arXiv:1805.02867, algorithm 3
Normalizer extend(const Normalizer& seen, std::span<const float> logits);  // [n]

/// The part that holds the keys of both. Commutative, and associative up to rounding. Time and memory O(1).
Normalizer merge(const Normalizer& a, const Normalizer& b);

/// The part that holds keys [first, first + count), whose logits are q k_j / sqrt(head_dim).
/// Time O(count head_dim); besides the result, memory O(count). @pre 0 <= first, 0 <= count, first + count <= kv_len
PartialAttention attend(const Tensor& q,        // [1, head_dim]
                        const Tensor& k,        // [kv_len, head_dim]
                        const Tensor& v,        // [kv_len, head_dim]
                        int first, int count);  // -> weighted [1, head_dim]

/// The part that holds the keys of both. Commutative, and associative up to rounding. Time and memory O(head_dim).
PartialAttention merge_attention(const PartialAttention& a,   // weighted [1, head_dim]
                                 const PartialAttention& b);  // weighted [1, head_dim]

/// softmax(q k^T / sqrt(head_dim)) v for one query, `chunk` keys at a time, the last time perhaps fewer. Every key and
/// every value is read exactly once. No keys, or masked ones only, give zeros. If a single key is visible, its value is
/// the result, bit by bit: its weight is 1 / 1. `chunk` may be larger than kv_len, up to the largest int.
/// Time O(kv_len head_dim); besides the result, memory O(min(chunk, kv_len) + head_dim), whatever kv_len is.
/// @throws std::invalid_argument if chunk < 1, naming what was found
Tensor one_pass_attention(const Tensor& q,  // [1, head_dim]
                          const Tensor& k,  // [kv_len, head_dim]
                          const Tensor& v,  // [kv_len, head_dim]
                          int chunk);       // -> [1, head_dim]

inline constexpr Contract<extend, merge, attend, merge_attention, one_pass_attention> contract;

}  // namespace workbook::online_softmax
