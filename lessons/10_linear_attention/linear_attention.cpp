#include "linear_attention.h"

using namespace workbook;
using namespace workbook::linear_attention;

Tensor linear_attention::feature_map(const Tensor& /*x*/, FeatureMap /*map*/) {
  // TODO(1): positive features, row by row.
  throw NotImplemented();
}

Tensor linear_attention::noncausal_attention(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                             FeatureMap /*map*/) {
  // TODO(2): sum up all keys and values once, then let every query read the sums.
  throw NotImplemented();
}

Tensor linear_attention::causal_running_state(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                              FeatureMap /*map*/) {
  // TODO(3): at each position, add its key to the state, then let its query read.
  throw NotImplemented();
}

Tensor linear_attention::causal_cumulative_sum(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                               FeatureMap /*map*/) {
  // TODO(4): the states after all positions of a head, then all of its queries.
  throw NotImplemented();
}

Tensor linear_attention::causal_chunked(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                        const ChunkOptions& /*options*/) {
  // TODO(5): the past through a state, the own chunk pair by pair, with one denominator for both.
  throw NotImplemented();
}

std::int64_t linear_attention::held_bytes(Form /*form*/, const Problem& /*problem*/) {
  // TODO(6): how many weights, how many states?
  throw NotImplemented();
}

std::int64_t linear_attention::flops(Form /*form*/, const Problem& /*problem*/) {
  // TODO(7): what does a pair cost, what does a position cost, and how many are there?
  throw NotImplemented();
}
