#pragma once
/// Inputs and weights of a benchmark, made from the shape alone: worker, reference and peers have the same numbers.
///
/// An element is a hash of its place, so it does not depend on what else is drawn. Uniform, with the standard deviation
/// that keeps queries and keys at variance 1. Layers share their weights: the K/V heads of grouped-query and
/// multi-query attention are the mean of those that multi-head attention has, and a joined projection holds the
/// separate ones.

#include "attention_layer.h"

namespace workbook::attention_layer {

/// Which tensor is meant; w_qkv is w_q, w_k and w_v side by side; d_output is the gradient of the output in training.
enum class Input : int {
  x,
  memory,
  q,
  k,
  v,
  w_q,
  w_k,
  w_v,
  w_o,
  w_dq,
  w_uq,
  w_dkv,
  w_uk,
  w_uv,
  w_kr,
  w_mla,
  w_qkv,
  d_output
};

/// What multi-head latent attention needs beyond Extents, in DeepSeek V3's proportions: its 128 heads of 128 channels
/// have a rotated part of 64, a KV latent of 512 and a query latent of 1536 channels.
struct LatentShape {
  std::int64_t rope_dim, kv_rank, q_rank;
};
LatentShape latent_shape(const Extents& extents);

/// Its shape, [rows, columns] of a weight as it multiplies from the right.
Shape shape_of(Input input, const Extents& extents);

Tensor make(Input input, const Extents& extents);

/// What a layer is given, in the order in which Runner keeps it; then its weights.
std::vector<Input> inputs_of(Projections projections);
std::vector<Input> weights_of(Projections projections);

}  // namespace workbook::attention_layer
