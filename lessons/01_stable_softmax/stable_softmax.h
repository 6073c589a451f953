#pragma once
/// Softmax and log-sum-exp of rows of logits, for logits of any size.
///
/// A logit is any float but +inf; -inf stands for a masked entry. Invariants of all functions but naive_softmax, with
/// u = 2^-24 the unit roundoff of float:
///   - nothing overflows: finite logits give finite results, and errors do not grow with the size of the logits;
///   - no finite logit is too low to count: a row of equal logits has equal weights, near -3e38, too;
///   - a row that is fully masked (nothing but -inf, or no columns at all) gives no NaN;
///   - a NaN is never hidden: it makes all of its row's results NaN;
///   - a +inf is never hidden: log_sum_exp is +inf, softmax and log_softmax are NaN at the +inf.
/// Rows are independent, and so are calls; there may be no rows, and rows may have any length, 0 included. Every
/// function takes O(rows cols) time and, besides its result, O(cols) memory. They throw nothing but std::bad_alloc.
/// @pre logits is of rank 2

#include "common/contract/contract.h"
#include "common/tensor/tensor.h"

namespace workbook::stable_softmax {

/// Softmax as the textbook writes it: exp(x_j) / sum_k exp(x_k), in float, with nothing taken off.
///
/// The baseline to beat. It must break just as the formula does in float: NaN where inf is divided by inf or 0 by 0,
/// and 0 where a finite number is divided by inf.
Tensor naive_softmax(const Tensor& logits);  // [rows, cols] -> [rows, cols]

/// Softmax of every row, shifted by the row's largest logit m: exp(x_j - m) / sum_k exp(x_k - m).
///
/// A fully masked row gives zeros: it attends to nothing. Relative error of a weight at most
/// (cols + log cols + |x_j - m| + 8) u, if it is a normal number (at least 2^-126). Adding the same number to all
/// logits of a row changes no bit of the result, as long as those additions are exact.
/// @see Blanchard, Higham and Higham, IMA J. Numer. Anal. 41, 2021: error bounds with and without the shift
Tensor softmax(const Tensor& logits);  // [rows, cols] -> [rows, cols]

/// log(sum_j exp(x_j)) of every row, as m + log(sum_j exp(x_j - m)).
///
/// A fully masked row gives -inf, the logarithm of an empty sum. For n finite logits the result lies between m and
/// m + log n. Error at most (cols + 3 log cols + 8) u plus 2u of the result's size.
Tensor log_sum_exp(const Tensor& logits);  // [rows, cols] -> [rows]

/// The logarithm of softmax, without passing through it: (x_j - m) - log(sum_k exp(x_k - m)).
///
/// Finite where softmax underflows to 0; -inf for masked entries, so -inf throughout a fully masked row. Error at most
/// (cols + 3 log cols + 8) u plus 3u of the result's size, whatever the size of m: m itself never enters the result.
Tensor log_softmax(const Tensor& logits);  // [rows, cols] -> [rows, cols]

inline constexpr Contract<naive_softmax, softmax, log_sum_exp, log_softmax> contract;

}  // namespace workbook::stable_softmax
