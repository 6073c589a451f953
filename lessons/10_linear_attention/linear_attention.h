#pragma once
/// Linear attention: the exponential of a score is replaced by a product of features,
///
///     out_i = sum_j phi(q_i).phi(k_j) v_j / sum_j phi(q_i).phi(k_j),
///
/// so that the sums over keys can be taken once for all queries. Invariants of every function:
///   - features are positive, and there is no scale: q and k go into phi as they are;
///   - causal forms take q, k and v of one length, and query i sees the keys 0 to i, its own included;
///   - all causal forms give the same result, up to rounding;
///   - a query whose denominator is 0, because there are no keys or because its weights are too small for a float,
///     gives zeros. Every other denominator, however small, is divided by as it is: nothing is added to it;
///   - no extent has a limit, and nothing is kept from one call to the next.
/// Katharopoulos et al., "Transformers are RNNs", ICML 2020.

#include <cstdint>

#include "common/contract/contract.h"
#include "common/tensor/linalg.h"

namespace workbook::linear_attention {

/// What is done to the channels of a query or key.
enum class FeatureMap {
  elu_plus_one,  ///< channel by channel: x + 1 if x > 0, else exp(x)
  softmax,       ///< the softmax over the channels of one query or one key
};

struct ChunkOptions {
  FeatureMap map = FeatureMap::elu_plus_one;
  int chunk = 64;  ///< positions that are worked on at a time; need not divide seq. More than seq counts as seq
};

/// How a causal head is computed, and what it holds meanwhile.
enum class Form {
  scores,          ///< a weight for every pair of positions, as in softmax attention
  cumulative_sum,  ///< the state after every position
  running_state,   ///< one state
  chunked,         ///< one state, and the weights inside one chunk
};

/// One causal head. @pre chunk <= seq
struct Problem {
  int seq = 1;
  int head_dim = 1;
  int value_dim = 1;
  int chunk = 1;  ///< of Form::chunked; the others ignore it
};

/// phi of every row of the last axis, for all finite numbers. Relative error of a feature: a few roundings, down to the
/// smallest normal number, 2^-126. Nothing overflows. Time O(x).
Tensor feature_map(const Tensor& x,  // [batch, heads, seq, head_dim]
                   FeatureMap map);  // -> the same shape

/// Every query sees every key. Each key and value is added to the sums once: time O((q_len + kv_len) head_dim
/// value_dim) for a head, so no pair is ever formed.
/// Workspace: the features of one head and O(head_dim value_dim).
Tensor noncausal_attention(const Tensor& q,  // [batch, heads, q_len, head_dim]
                           const Tensor& k,  // [batch, heads, kv_len, head_dim]
                           const Tensor& v,  // [batch, heads, kv_len, value_dim]
                           FeatureMap map);  // -> [batch, heads, q_len, value_dim]

/// Causal, position by position, with a state that each key is added to once.
/// Time O(seq head_dim value_dim) for a head. Workspace O(head_dim value_dim), whatever batch, heads and seq are.
Tensor causal_running_state(const Tensor& q,  // [batch, heads, seq, head_dim]
                            const Tensor& k,  // [batch, heads, seq, head_dim]
                            const Tensor& v,  // [batch, heads, seq, value_dim]
                            FeatureMap map);  // -> [batch, heads, seq, value_dim]

/// The same as whole-tensor libraries compute it: first the states after all positions, each made from the one before,
/// then all queries. Time O(seq head_dim value_dim) for a head. Workspace: the states of one head, seq head_dim
/// (value_dim + 1) floats, once and all at the same time, and its features.
Tensor causal_cumulative_sum(const Tensor& q,  // [batch, heads, seq, head_dim]
                             const Tensor& k,  // [batch, heads, seq, head_dim]
                             const Tensor& v,  // [batch, heads, seq, value_dim]
                             FeatureMap map);  // -> [batch, heads, seq, value_dim]

/// The same, a chunk of positions at a time: pairs inside a chunk, a state for all chunks before it. Not an
/// approximation. Inside a chunk, weights phi(q).phi(k) come first and then weigh values: if one chunk holds the whole
/// sequence, the result depends on no product phi(k) v^T, not even if such a product overflows.
/// Each key enters the state once. Time O(seq (head_dim value_dim + chunk (head_dim + value_dim))) for a head.
/// Workspace O(head_dim value_dim + chunk (chunk + head_dim)), whatever batch, heads and seq are.
/// @throws std::invalid_argument if options.chunk < 1, naming what was found
Tensor causal_chunked(const Tensor& q,               // [batch, heads, seq, head_dim]
                      const Tensor& k,               // [batch, heads, seq, head_dim]
                      const Tensor& v,               // [batch, heads, seq, value_dim]
                      const ChunkOptions& options);  // -> [batch, heads, seq, value_dim]

/// Bytes of float32 that a head holds between its inputs and its output: its weights (all of them, also hidden ones),
/// its states, or both. A state is head_dim (value_dim + 1) numbers: the normaliser belongs to it. Features are not
/// counted. Exact up to 2^63 - 1.
std::int64_t held_bytes(Form form, const Problem& problem);

/// FLOPs of a head, a multiplication and an addition counting 1 each. A visible pair costs a dot product of head_dim
/// and the weighting of value_dim; a position costs adding its key to a state, and reading that state, of head_dim by
/// value_dim. A chunked head does both, with the pairs inside its chunks. Not counted: features, normaliser, division.
/// Exact up to 2^63 - 1.
std::int64_t flops(Form form, const Problem& problem);

inline constexpr Contract<feature_map, noncausal_attention, causal_running_state, causal_cumulative_sum, causal_chunked,
                          held_bytes, flops>
    contract;

}  // namespace workbook::linear_attention
