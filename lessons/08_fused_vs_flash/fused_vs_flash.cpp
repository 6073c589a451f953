#include "fused_vs_flash.h"

using namespace workbook;
using namespace workbook::fused_vs_flash;

Tensor fused_vs_flash::fused_attention(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/, Mask /*mask*/) {
  // TODO(1): for each query, one row of scores: softmax it, weigh the values, forget it.
  throw NotImplemented();
}

FlashResult fused_vs_flash::flash_attention(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                            const FlashOptions& /*options*/) {
  // TODO(2): tile by tile, with a running maximum and sum for each query; skip the tiles that nobody sees.
  throw NotImplemented();
}

std::int64_t fused_vs_flash::traffic_bytes(Algorithm /*algorithm*/, const Problem& /*problem*/) {
  // TODO(3): what does each step read, what does it write, and how often does it happen?
  throw NotImplemented();
}

double fused_vs_flash::arithmetic_intensity(Algorithm /*algorithm*/, const Problem& /*problem*/) {
  // TODO(4): FLOPs of both products by bytes.
  throw NotImplemented();
}
