#include "flash_backward.h"

using namespace workbook;
using namespace workbook::flash_backward;

Tensor flash_backward::softmax_backward(const Tensor& /*p*/, const Tensor& /*dp*/) {
  // TODO(1): ds = p (dp - what the row of dp is worth on average), row by row.
  throw NotImplemented();
}

Gradients flash_backward::attention_backward(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                             const Tensor& /*p*/, const Tensor& /*d_output*/) {
  // TODO(2): four products for each head. Whatever a head adds to dk and dv goes to its KV head.
  throw NotImplemented();
}

Gradients flash_backward::flash_backward(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                         const Outputs& /*outputs*/, const Options& /*options*/) {
  // TODO(3): tile by tile, with the weights computed again from lse; every tile adds to all three gradients.
  throw NotImplemented();
}

std::array<std::uint32_t, 4> flash_backward::philox(const std::array<std::uint32_t, 4>& /*counter*/,
                                                    const std::array<std::uint32_t, 2>& /*key*/) {
  // TODO(4): ten rounds of two multiplications.
  throw NotImplemented();
}

float flash_backward::dropout_factor(const Dropout& /*dropout*/, std::int64_t /*batch*/, std::int64_t /*head*/,
                                     std::int64_t /*row*/, std::int64_t /*column*/) {
  // TODO(5): one of four words decides.
  throw NotImplemented();
}

Forward flash_backward::flash_attention_dropout(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                                const Options& /*options*/, const Dropout& /*dropout*/) {
  // TODO(6): lesson 08's flash attention; a weight is dropped after it was added to the sum.
  throw NotImplemented();
}

Gradients flash_backward::flash_backward_dropout(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                                 const Outputs& /*outputs*/, const Options& /*options*/,
                                                 const Dropout& /*dropout*/) {
  // TODO(7): where does the factor of a weight belong on the way back?
  throw NotImplemented();
}

Cost flash_backward::training_cost(Method /*method*/, const Problem& /*problem*/) {
  // TODO(8): products forward, products backward, and what is kept in between.
  throw NotImplemented();
}
