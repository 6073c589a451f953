#pragma once
/// How a lesson joins the benchmark: testcases/NN_name/bench.cpp includes this and defines implementations().
///
/// That file is compiled together with the lesson's implementation into one plugin; nothing else lists it.

#include "inputs.h"

namespace workbook::attention_layer {

/// Attention whose keys and values are of one type; queries and result are float.
template <class Element>
struct CallOf {
  const Tensor& q;             ///< [batch, heads, q_len, head_dim]
  const TensorOf<Element>& k;  ///< [batch, kv_heads, kv_len, head_dim]
  const TensorOf<Element>& v;  ///< [batch, kv_heads, kv_len, head_dim]
  const Masks& masks;
  int threads = 1;  ///< 1 for an implementation without threads of its own
};
using Call = CallOf<float>;
using CallOfBfloat16 = CallOf<bfloat16>;

using Weights = std::map<Input, Tensor>;

/// A whole layer's tensors. The weights may be moved from, if they are moved back: a copy would be timed.
struct LayerCall {
  const Tensor& x;   ///< [batch, seq, d_model]
  Weights& weights;  ///< weights_of() the layer's projections; shapes as shape_of() has them
  const Extents& extents;
};

/// A training step of attention: forward, and back from the gradient of the output.
struct TrainingCall {
  const Tensor& q;   ///< [batch, heads, q_len, head_dim]
  const Tensor& k;   ///< [batch, kv_heads, kv_len, head_dim]
  const Tensor& v;   ///< [batch, kv_heads, kv_len, head_dim]
  Tensor& d_output;  ///< as q. May be moved from, if it is moved back: a copy would be timed
  Mask mask;
};

struct Trained {
  Tensor output;  ///< [batch, heads, q_len, head_dim]
  Tensor dq;      ///< as q
  Tensor dk, dv;  ///< as k
};

struct Implementation {
  Backend about;
  Tensor (*attend)(const Call& call);  ///< null for what is offered as a whole layer or as training only
  std::int64_t (*workspace)(
      const Extents& extents);  ///< bytes beyond arguments, result included; as the lesson promises
  Tensor (*layer)(const LayerCall& call) = nullptr;      ///< the layer as a whole, where it is not the usual one
  Trained (*train)(const TrainingCall& call) = nullptr;  ///< where the formula is training

  /// In place of attend, where about.dtypes says bfloat16. It is offered without projections only, so that k and v can
  /// be converted before the clock starts.
  Tensor (*attend_bfloat16)(const CallOfBfloat16& call) = nullptr;

  bool own_threads = false;                         ///< called once, with all threads, instead of once in each thread
  bool (*takes)(const Extents& extents) = nullptr;  ///< null: all extents
};

/// What the lesson offers. Several may share a name if their formulas or their types differ.
std::vector<Implementation> implementations();

}  // namespace workbook::attention_layer
