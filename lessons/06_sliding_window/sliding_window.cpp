#include "sliding_window.h"

using namespace workbook;

TensorOf<bool> sliding_window::window_mask(std::int64_t /*q_len*/, std::int64_t /*kv_len*/, std::int64_t /*window*/,
                                           Mask /*mask*/) {
  // TODO(1): for every pair, may the query see the key?
  throw NotImplemented();
}

sliding_window::KeyRange sliding_window::key_range(std::int64_t /*query*/, std::int64_t /*q_len*/,
                                                   std::int64_t /*kv_len*/, std::int64_t /*window*/, Mask /*mask*/) {
  // TODO(2): where does a row of the mask begin to be true, and for how long?
  throw NotImplemented();
}

Tensor sliding_window::sliding_window_attention(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                                std::int64_t /*window*/, Mask /*mask*/) {
  // TODO(3): attention of every query over its range of keys, and no look outside.
  throw NotImplemented();
}

TensorOf<bool> sliding_window::block_layout(const LayoutConfig& /*config*/) {
  // TODO(4): local, global and random blocks.
  throw NotImplemented();
}

Tensor sliding_window::block_sparse_attention(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                              const TensorOf<bool>& /*layout*/, std::int64_t /*block_size*/,
                                              Mask /*mask*/) {
  // TODO(5): attention of every query over the ranges that its row of the layout names.
  throw NotImplemented();
}
