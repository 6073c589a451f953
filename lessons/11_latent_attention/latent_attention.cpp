#include "latent_attention.h"

using namespace workbook;
using namespace workbook::latent_attention;

Tensor latent_attention::rope(const Tensor& /*x*/, std::int64_t /*first_position*/) {
  // TODO(1): turn each pair of neighbouring channels by its angle.
  throw NotImplemented();
}

LatentCache latent_attention::compress(const Tensor& /*x*/, const LayerWeights& /*weights*/,
                                       std::int64_t /*first_position*/) {
  // TODO(2): one latent and one rotated rope key for each token.
  throw NotImplemented();
}

Tensor latent_attention::queries(const Tensor& /*x*/, const LayerWeights& /*weights*/, int /*heads*/,
                                 std::int64_t /*first_position*/) {
  // TODO(3): down, up, cut into heads; rotate the last channels of each head.
  throw NotImplemented();
}

Tensor latent_attention::expanded_attention(const Tensor& /*q*/, const LatentCache& /*cache*/, const Tensor& /*w_uk*/,
                                            const Tensor& /*w_uv*/) {
  // TODO(4): make a head's keys and values from the latents, then attend.
  throw NotImplemented();
}

Tensor latent_attention::absorbed_attention(const Tensor& /*q*/, const LatentCache& /*cache*/, const Tensor& /*w_uk*/,
                                            const Tensor& /*w_uv*/) {
  // TODO(5): bring the query to the latents instead.
  throw NotImplemented();
}

Tensor latent_attention::forward(const Tensor& /*x*/, const LayerWeights& /*weights*/, int /*heads*/, Form /*form*/) {
  // TODO(6): the layer.
  throw NotImplemented();
}

std::int64_t latent_attention::cache_bytes_per_token(Scheme /*scheme*/, const Model& /*model*/) {
  // TODO(7): what does a token leave behind?
  throw NotImplemented();
}

std::int64_t latent_attention::flops(Form /*form*/, const Problem& /*problem*/) {
  // TODO(8): two products for each key, or two for each query; and what a pair costs.
  throw NotImplemented();
}
