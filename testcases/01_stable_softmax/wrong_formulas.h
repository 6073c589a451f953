#pragma once
/// Plausible wrong softmaxes, to name the one that a result agrees with. In float, in the obvious order, because what
/// is wrong with most of them is a rounding, an overflow or an underflow.

#include <cmath>

#include "common/checker/inputs.h"

namespace workbook::stable_softmax::wrong {

inline float largest(std::span<const float> values, float start = -kInfinity) {
  for (const float x : values) start = std::max(start, x);
  return start;
}

inline float sum_of_exponentials(std::span<const float> row, float shift) {
  float sum = 0;
  for (const float x : row) sum += std::exp(x - shift);
  return sum;
}

/// Every element of x becomes f(its row, it).
template <class F>
Tensor map(const Tensor& x, F f) {
  Tensor result(x.shape());
  for (std::int64_t i = 0; i < x.dim(0); ++i)
    for (std::int64_t j = 0; j < x.dim(1); ++j) result.at(i, j) = f(x.row(i), x.at(i, j));
  return result;
}

/// Every row becomes f(it).
template <class F>
Tensor reduce(const Tensor& x, F f) {
  Tensor result({x.dim(0)});
  for (std::int64_t i = 0; i < x.dim(0); ++i) result.at(i) = f(x.row(i));
  return result;
}

/// Softmax of x with shift_of(row) taken off; a row that sums to 0 is left at 0 if `guarded`.
template <class F>
Tensor softmax(const Tensor& x, F shift_of, bool guarded = true) {
  Tensor weights(x.shape());
  for (std::int64_t i = 0; i < x.dim(0); ++i) {
    const float shift = shift_of(x.row(i)), sum = sum_of_exponentials(x.row(i), shift);
    for (std::int64_t j = 0; j < x.dim(1) && !(guarded && sum == 0); ++j)
      weights.at(i, j) = std::exp(x.at(i, j) - shift) / sum;
  }
  return weights;
}

/// What float makes of the textbook formula; for naive_softmax it is the right answer.
inline Tensor unshifted(const Tensor& x) {
  return softmax(
      x, [](auto) { return 0.f; }, false);
}

/// NaN in a fully masked row: -inf - (-inf).
inline Tensor shifted_by_minus_infinity(const Tensor& x) {
  return softmax(
      x, [](auto row) { return largest(row); }, false);
}

/// Fully masked rows attend to everything alike, as if the mask were a large negative number.
inline Tensor masked_rows_uniform(const Tensor& x) {
  return softmax(map(x, [](auto row, float value) { return largest(row) == -kInfinity ? 0 : value; }),
                 [](auto row) { return largest(row); });
}

inline float rounded_log_sum_exp(std::span<const float> row) {
  const float shift = largest(row);
  return shift + std::log(sum_of_exponentials(row, shift));
}

inline Tensor exp_of_difference_to_log_sum_exp(const Tensor& x) {
  return map(x, [](auto row, float value) { return std::exp(value - rounded_log_sum_exp(row)); });
}

inline Tensor difference_to_log_sum_exp(const Tensor& x) {
  return map(x, [](auto row, float value) { return value - rounded_log_sum_exp(row); });
}

/// Eigen's exp() of arrays ends at exp(-88.7) = 3e-39, which it also gives for -inf; a packet of floats at a time.
inline Tensor shifted_in_eigen(const Tensor& x, Tensor* log_sums = nullptr) {
  Tensor result(x.shape());
  for (std::int64_t i = 0; i < x.dim(0); ++i) {
    const float m = largest(x.row(i)), shift = std::isfinite(m) ? m : 0;
    auto weights = result.matrix().row(i);
    weights = (x.matrix().row(i).array() - shift).exp();
    const float sum = weights.sum();
    if (sum != 0) weights /= sum;
    if (log_sums) log_sums->at(i) = shift + std::log(sum);
  }
  return result;
}

inline Tensor log_sum_exp_in_eigen(const Tensor& x) {
  Tensor result({x.dim(0)});
  shifted_in_eigen(x, &result);
  return result;
}

inline Tensor transposed(const Tensor& x) {
  Tensor result({x.dim(1), x.dim(0)});
  result.matrix() = x.matrix().transpose();
  return result;
}

inline Tensor over_columns(const Tensor& x) {
  return transposed(softmax(transposed(x), [](auto row) { return largest(row); }));
}

/// All weights of the matrix add up to 1.
inline Tensor over_everything(const Tensor& x) {
  Tensor row = x.reshaped({1, x.size()});
  return softmax(row, [](auto values) { return largest(values); }).reshaped(x.shape());
}

inline Tensor undivided(const Tensor& x) {
  return map(x, [](auto row, float value) { return value == -kInfinity ? 0 : std::exp(value - largest(row)); });
}

}  // namespace workbook::stable_softmax::wrong
