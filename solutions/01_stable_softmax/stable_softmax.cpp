#include "stable_softmax.h"

using namespace workbook;

Tensor stable_softmax::log_sum_exp(const Tensor& logits) {
  Tensor result({logits.dim(0)});
  for (std::int64_t i = 0; i < logits.dim(0); ++i) {
    const auto row = logits.row(i);
    const float largest = *std::max_element(row.begin(), row.end());
    float sum = 0;
    for (const float x : row) sum += std::exp(x - largest);
    result.at(i) = std::isinf(largest) ? largest : largest + std::log(sum);
  }
  return result;
}

Tensor stable_softmax::softmax(const Tensor& logits) {
  Tensor result(logits.shape());
  const Tensor lse = log_sum_exp(logits);
  for (std::int64_t i = 0; i < logits.dim(0); ++i)
    for (std::int64_t j = 0; j < logits.dim(1); ++j)
      result.at(i, j) = std::isinf(lse.at(i)) ? 0 : std::exp(logits.at(i, j) - lse.at(i));
  return result;
}
