#pragma once
/// Masks that tell right from wrong: different for every batch and head.

#include "common/checker/attention/inputs.h"
#include "common/checker/attention/suspicions.h"
#include "common/checker/student.h"
#include "scaled_dot_product.h"

namespace workbook::scaled_dot_product {

using attention_tests::Inputs;
using attention_tests::random_inputs;

/// About two of three are true.
inline TensorOf<bool> random_allowed(const Shape& shape) {
  TensorOf<bool> allowed(shape);
  for (bool& x : allowed.values()) x = random_integer(0, 2) > 0;
  return allowed;
}

/// Masks of both kinds, of these shapes.
inline Masks random_masks(const Shape& allowed, const Shape& bias, Mask mask = Mask::none) {
  return {.mask = mask, .allowed = random_allowed(allowed), .bias = random_normal(bias, 2)};
}

/// As a model's loader makes it: sequence b of the batch has lengths[b] tokens, what follows is padding.
inline TensorOf<bool> no_padding(std::span<const std::int64_t> lengths, std::int64_t kv_len) {
  TensorOf<bool> allowed({static_cast<std::int64_t>(lengths.size()), 1, 1, kv_len});
  for (std::int64_t b = 0; b < allowed.dim(0); ++b)
    for (std::int64_t j = 0; j < kv_len; ++j) allowed.at(b, 0, 0, j) = j < lengths[static_cast<std::size_t>(b)];
  return allowed;
}

/// ALiBi (Press et al. 2022): head h loses 2^(-8 (h + 1) / heads) for each position that a key is further back.
inline Tensor distance_bias(std::int64_t heads, std::int64_t q_len, std::int64_t kv_len) {
  Tensor bias({heads, q_len, kv_len});
  for (std::int64_t h = 0; h < heads; ++h)
    for (std::int64_t i = 0; i < q_len; ++i)
      for (std::int64_t j = 0; j < kv_len; ++j)
        bias.at(h, i, j) = std::exp2(-8.f * static_cast<float>(h + 1) / static_cast<float>(heads)) *
                           static_cast<float>(j - i - (kv_len - q_len));
  return bias;
}

}  // namespace workbook::scaled_dot_product
