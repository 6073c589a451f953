#include "stable_softmax.h"

#include <cmath>
#include <limits>

using namespace workbook;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Sum {
  float shift;  // what was taken off every logit
  float sum;    // of exp(x - shift): between 1 and cols, or 0 if all is masked
};

Sum sum_of_exponentials(std::span<const float> row) {
  float largest = -kInfinity;
  for (const float x : row) largest = std::max(largest, x);
  // Any finite shift is right. Without a finite maximum take 0, so that -inf - shift is -inf and never NaN.
  Sum total{.shift = std::isfinite(largest) ? largest : 0, .sum = 0};
  for (const float x : row) total.sum += std::exp(x - total.shift);
  return total;
}

}  // namespace

Tensor stable_softmax::naive_softmax(const Tensor& logits) {
  Tensor weights(logits.shape());
  for (std::int64_t i = 0; i < logits.dim(0); ++i) {
    float sum = 0;
    for (const float x : logits.row(i)) sum += std::exp(x);
    for (std::int64_t j = 0; j < logits.dim(1); ++j) weights.at(i, j) = std::exp(logits.at(i, j)) / sum;
  }
  return weights;
}

Tensor stable_softmax::softmax(const Tensor& logits) {
  Tensor weights(logits.shape());
  for (std::int64_t i = 0; i < logits.dim(0); ++i) {
    const auto [shift, sum] = sum_of_exponentials(logits.row(i));
    if (sum == 0) continue;  // fully masked: the zeros that are there already, not 0 / 0
    for (std::int64_t j = 0; j < logits.dim(1); ++j) weights.at(i, j) = std::exp(logits.at(i, j) - shift) / sum;
  }
  return weights;
}

Tensor stable_softmax::log_sum_exp(const Tensor& logits) {
  Tensor result({logits.dim(0)});
  for (std::int64_t i = 0; i < logits.dim(0); ++i) {
    const auto [shift, sum] = sum_of_exponentials(logits.row(i));
    result.at(i) = shift + std::log(sum);  // log(0) is -inf, just what a fully masked row needs
  }
  return result;
}

Tensor stable_softmax::log_softmax(const Tensor& logits) {
  Tensor result(logits.shape(), -kInfinity);
  for (std::int64_t i = 0; i < logits.dim(0); ++i) {
    const auto [shift, sum] = sum_of_exponentials(logits.row(i));
    if (sum == 0) continue;
    // Not x - (shift + log(sum)): adding log(sum) to a large shift rounds most of it away.
    for (std::int64_t j = 0; j < logits.dim(1); ++j) result.at(i, j) = (logits.at(i, j) - shift) - std::log(sum);
  }
  return result;
}
