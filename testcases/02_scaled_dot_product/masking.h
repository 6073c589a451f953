#pragma once
/// Masks by their definition. What people get wrong is a member of Steps, so that a wrong formula is the right one with
/// one member changed. Each is written for double and for float: the difference is what float loses.

#include "common/checker/inputs.h"
#include "common/oracle/attention.h"
#include "scaled_dot_product.h"

namespace workbook::scaled_dot_product {

/// (batch, head, query, key) of a score.
using Index = std::array<std::int64_t, 4>;

struct Steps {
  oracle::Visible visible;      ///< of the causal mask, which must be asked for; empty: the right one
  double hidden = -kInfinity;   ///< score of a hidden key
  bool multiply = false;        ///< hidden keys have their score multiplied by 0
  bool true_hides = false;      ///< `allowed` is read the other way round
  bool batch_first = false;     ///< a mask of three axes is [batch, q_len, kv_len]
  bool only_batch_0 = false;    ///< masks are read for batch 0 only
  bool only_head_0 = false;     ///< masks are read for head 0 only
  bool both_must_hide = false;  ///< a key is hidden only if the causal mask and `allowed` hide it
  std::optional<Shape> scores;  ///< elements of a mask are taken in turn, for the scores of this shape as they lie
  bool first_axes = false;      ///< a mask of fewer axes is aligned at its first ones
  bool adds_infinity = false;   ///< -inf is added to a hidden key's score and bias
  bool skips_zeros = false;     ///< no bias is added to a score of 0
  double bias_factor = 1;       ///< of the bias
  bool base_two = false;        ///< exp2 for exp
  bool ignore_causal = false, ignore_allowed = false, ignore_bias = false;
  bool scale_the_bias = false;      ///< the scale comes after the bias
  bool mask_after_softmax = false;  ///< hidden keys keep their share of the sum
};

/// Element of a mask for one score. Its axes are the last ones of the scores.
template <class E>
E broadcast_at(const TensorOf<E>& mask, Index index, const Steps& steps = {}) {
  if (const auto& all = steps.scores)
    return mask
        .values()[(((index[0] * (*all)[1] + index[1]) * (*all)[2] + index[2]) * (*all)[3] + index[3]) % mask.size()];
  if (steps.only_batch_0) index[0] = 0;
  if (steps.only_head_0) index[1] = 0;
  const int rank = mask.shape().rank();
  if (steps.batch_first && rank == 3) index[1] = index[0];
  std::int64_t position = 0;
  for (int axis = 0; axis < rank; ++axis) {
    const std::int64_t extent = mask.dim(axis),
                       i = index[static_cast<std::size_t>(steps.first_axes ? axis : 4 - rank + axis)];
    position = position * extent + (extent == 1 ? 0 : i % extent);
  }
  return mask.values()[position];
}

/// Calls f(index) for every score of this shape.
template <class F>
void for_each_score(const Shape& shape, F f) {
  for (std::int64_t b = 0; b < shape[0]; ++b)
    for (std::int64_t h = 0; h < shape[1]; ++h)
      for (std::int64_t i = 0; i < shape[2]; ++i)
        for (std::int64_t j = 0; j < shape[3]; ++j) f(Index{b, h, i, j});
}

inline bool is_hidden(const Shape& scores, const Masks& masks, const Steps& steps, Index at) {
  if (steps.both_must_hide && masks.mask == Mask::causal && masks.allowed)
    return !oracle::visible(Mask::causal, scores[2], scores[3])(at[2], at[3]) &&
           !broadcast_at(*masks.allowed, at, steps);
  if (masks.mask == Mask::causal && !steps.ignore_causal) {
    const bool seen = steps.visible ? steps.visible(at[2], at[3]) : at[3] <= at[2] + scores[3] - scores[2];
    if (!seen) return true;
  }
  return masks.allowed && !steps.ignore_allowed && broadcast_at(*masks.allowed, at, steps) == steps.true_hides;
}

template <class T>
TensorOf<T> masked(const TensorOf<T>& scores, const Masks& masks, const Steps& steps = {}) {
  TensorOf<T> result = scores;
  for_each_score(scores.shape(), [&](Index at) {
    T& score = result.at(at[0], at[1], at[2], at[3]);
    if (masks.bias && !steps.ignore_bias && !(steps.skips_zeros && score == 0))
      score += static_cast<T>(steps.bias_factor * double{broadcast_at(*masks.bias, at, steps)});
    if (is_hidden(scores.shape(), masks, steps, at))
      score = steps.adds_infinity ? score + static_cast<T>(steps.hidden)
                                  : static_cast<T>(steps.multiply ? 0 : steps.hidden);
  });
  return result;
}

}  // namespace workbook::scaled_dot_product
