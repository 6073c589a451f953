#pragma once
/// A whole attention layer by one of several backends: what the benchmark times.
///
/// The attention itself is the lessons' code; only the projections around it are here, the same for all.

#include "common/contract/contract.h"
#include "common/contract/mask.h"

namespace workbook::attention_layer {

/// Whose code computes attention between the projections.
enum class Backend {
  unfused,  ///< lesson 02: whole score tensors, K/V heads repeated by lesson 04
  fused,    ///< lesson 08: a row of scores at a time
  flash,    ///< lesson 08: tiles with a running softmax
};

struct Weights {
  Tensor w_q;  ///< [d_model, heads * head_dim]
  Tensor w_k;  ///< [d_model, kv_heads * head_dim]
  Tensor w_v;  ///< [d_model, kv_heads * head_dim]
  Tensor w_o;  ///< [heads * head_dim, d_model]
};

struct Config {
  int heads = 1;
  int kv_heads = 1;
  Backend backend = Backend::unfused;
  Mask mask = Mask::causal;
};

/// Projects to queries, keys and values, attends, and projects back.
/// @throws what the lessons' functions throw
Tensor forward(const Tensor& x,  // [batch, seq, d_model]
               const Weights& weights,
               const Config& config);  // -> [batch, seq, d_model]

inline constexpr Contract<forward> contract;

}  // namespace workbook::attention_layer
