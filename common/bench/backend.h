#pragma once
/// How a lesson joins the benchmark: testcases/NN_name/bench.cpp includes this and defines implementations().
///
/// That file is compiled together with the lesson's implementation into one plugin; nothing else lists it.

#include "attention_layer.h"

namespace workbook::attention_layer {

struct Call {
  const Tensor& q;  ///< [batch, heads, q_len, head_dim]
  const Tensor& k;  ///< [batch, kv_heads, kv_len, head_dim]
  const Tensor& v;  ///< [batch, kv_heads, kv_len, head_dim]
  const Masks& masks;
};

/// A latent layer's tensors. The weights may be moved from, if they are moved back: a copy would be timed.
struct LatentCall {
  const Tensor& x;               ///< [batch, seq, d_model]
  std::vector<Tensor>& weights;  ///< w_dq, w_uq, w_dkv, w_uk, w_uv, w_kr, w_o; shapes as inputs.h has them
  const Extents& extents;
};

struct Implementation {
  Backend about;
  Tensor (*attend)(const Call& call);  ///< null for Formula::latent
  std::int64_t (*workspace)(
      const Extents& extents);  ///< bytes beyond arguments, result included; as the lesson promises
  Tensor (*latent)(const LatentCall& call) = nullptr;  ///< of Formula::latent
};

/// What the lesson offers. Several may share a name if their formulas differ.
std::vector<Implementation> implementations();

}  // namespace workbook::attention_layer
