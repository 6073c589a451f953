#include "vectorized_flash.h"

#include "common/tensor/threads.h"

using namespace workbook;
using namespace workbook::vectorized_flash;

Tensor vectorized_flash::exp2(const Tensor& /*x*/) {
  // TODO(1): 2^x as 2^n 2^f, n whole, for kLanes elements at a time; then the elements that are left.
  throw NotImplemented();
}

Tensor vectorized_flash::score_tile(const Tensor& /*q_t*/, const Tensor& /*k*/) {
  // TODO(2): a few keys by two vectors of queries at a time, their sums in registers.
  throw NotImplemented();
}

void vectorized_flash::weigh_tile(const Tensor& /*p_t*/, const Tensor& /*v*/, const Tensor& /*factor*/,
                                  Tensor& /*o_t*/) {
  // TODO(3): a few channels by two vectors of queries at a time; the factor is applied when their sums are loaded.
  throw NotImplemented();
}

FlashResult vectorized_flash::flash_attention(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                              const FlashOptions& /*options*/) {
  // TODO(4): strips of queries meet blocks of keys; softmax with a query in each lane; threads share blocks of strips.
  throw NotImplemented();
}

Tensor vectorized_flash::decode_attention(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                          int /*threads*/) {
  // TODO(5): one query for each head: read every key and value once; merge what the threads found.
  throw NotImplemented();
}

Tensor vectorized_flash::decode_attention_bf16(const Tensor& /*q*/, const TensorOf<bfloat16>& /*k*/,
                                               const TensorOf<bfloat16>& /*v*/, int /*threads*/) {
  // TODO(6): the same, with numbers that become floats when they are read.
  throw NotImplemented();
}
