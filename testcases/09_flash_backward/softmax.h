#pragma once
/// The backward pass of the softmax, and what people take for it.

#include "common/checker/student.h"
#include "common/oracle/rounding.h"
#include "flash_backward.h"

namespace workbook::flash_backward {

/// One row of ds, from rows of p and dp and the row's sum of p dp.
template <class T>
TensorOf<T> d_scores(const Tensor& p, const Tensor& dp, const std::function<T(T p, T dp, T mean)>& f) {
  TensorOf<T> ds(p.shape());
  for (std::int64_t i = 0; i < p.dim(0); ++i) {
    T mean = 0;
    for (std::int64_t j = 0; j < p.dim(1); ++j) mean += T{p.at(i, j)} * T{dp.at(i, j)};
    for (std::int64_t j = 0; j < p.dim(1); ++j) ds.at(i, j) = f(T{p.at(i, j)}, T{dp.at(i, j)}, mean);
  }
  return ds;
}

/// The mean of dp with the weights of all rows together.
inline double mean_of_all(const Tensor& p, const Tensor& dp) {
  double sum = 0;
  for (std::int64_t i = 0; i < p.size(); ++i)
    sum += double{p.values()[static_cast<std::size_t>(i)]} * dp.values()[static_cast<std::size_t>(i)];
  return sum;
}

inline Matches is_d_scores(const Tensor& p, const Tensor& dp) {
  const auto right = [](auto p, auto dp, auto mean) { return p * (dp - mean); };
  const Tensor64 exact = d_scores<double>(p, dp, right);
  const auto wrong = [=](const std::function<double(double, double, double)>& f) {
    return [=] { return d_scores<double>(p, dp, f); };
  };
  const std::string jacobian =
      "A larger score makes its own weight larger and all other weights of its row smaller: ds = p (dp - D), where D "
      "is the row's sum of p dp";
  return matches(exact, oracle::lost_in_float(d_scores<float>(p, dp, right), exact))
      .but_not([=] { return to_double(dp); }, "this is dp: the softmax was left out on the way back. " + jacobian)
      .but_not(wrong([](double p, double dp, double) { return p * dp; }),
               "this is p dp: what the others of the row lose is missing. " + jacobian)
      .but_not(wrong([](double, double dp, double mean) { return dp - mean; }),
               "this is dp - D: it is p times that, and a weight of 0 has ds 0")
      .but_not(
          wrong([](double p, double dp, double) { return p * (1 - p) * dp; }),
          "this is p (1 - p) dp, a score's effect on its own weight alone: the others of the row lose what it gains. " +
              jacobian)
      .but_not(wrong([](double p, double dp, double mean) { return p * (dp + mean); }),
               "the sum D was added to dp: it is taken off")
      .but_not(wrong([](double p, double dp, double mean) { return p * (mean - dp); }),
               "the sign is wrong: " + jacobian)
      .but_not(wrong([](double p, double dp, double mean) { return p * dp - mean; }),
               "this is p dp - D: p multiplies D, too. " + jacobian)
      .but_not(
          [=] {
            const double all = mean_of_all(p, dp);
            return d_scores<double>(p, dp, [=](double p, double dp, double) { return p * (dp - all); });
          },
          "D was summed over all rows: each row has a sum of its own")
      .but_not(
          [=] {
            Tensor64 ds(p.shape());
            for (std::int64_t j = 0; j < p.dim(1); ++j) {
              double sum = 0;
              for (std::int64_t i = 0; i < p.dim(0); ++i) sum += double{p.at(i, j)} * dp.at(i, j);
              for (std::int64_t i = 0; i < p.dim(0); ++i) ds.at(i, j) = p.at(i, j) * (dp.at(i, j) - sum);
            }
            return ds;
          },
          "D was summed over columns: it is one number for each row, the sum of p dp along it")
      .but_not(
          wrong([n = static_cast<double>(p.dim(1))](double p, double dp, double mean) { return p * (dp - mean / n); }),
          "D was divided by the number of columns: the weights of a row add up to 1 already, so the sum of p dp is a "
          "mean")
      .but_not(
          [=] {
            Tensor64 ds(p.shape());
            for (std::int64_t i = 0; i < p.dim(0); ++i) {
              double sum = 0;
              for (const float x : dp.row(i)) sum += x;
              for (std::int64_t j = 0; j < p.dim(1); ++j) ds.at(i, j) = p.at(i, j) * (dp.at(i, j) - sum);
            }
            return ds;
          },
          "the sum of dp was taken off dp: each dp of the sum is weighted by p");
}

}  // namespace workbook::flash_backward
