#pragma once
/// Matrix products over views, compiled once.
///
/// Eigen's products are heavy templates: a file that only calls these compiles in a fraction of a second. Every
/// argument is a View, a ConstView, a Matrix or a block of one; nothing is copied as long as its rows are
/// contiguous.

#include "common/tensor/tensor.h"

namespace workbook {

using MatrixIn = const Eigen::Ref<const Matrix, 0, Eigen::OuterStride<>>&;
using MatrixOut = Eigen::Ref<Matrix, 0, Eigen::OuterStride<>>;

/// out = alpha a b + beta out. Shapes: a [m, k], b [k, n], out [m, n]; out overlaps neither. 2 m n k FLOPs.
/// With beta = 0, out is only written. @throws std::invalid_argument if the shapes do not fit.
void matmul(MatrixIn a, MatrixIn b, MatrixOut out, float alpha = 1, float beta = 0);

/// out = alpha a b^T + beta out. Shapes: a [m, k], b [n, k], out [m, n]. Scores are `matmul_nt(q, k, scores)`.
void matmul_nt(MatrixIn a, MatrixIn b, MatrixOut out, float alpha = 1, float beta = 0);

/// out = alpha a^T b + beta out. Shapes: a [k, m], b [k, n], out [m, n].
void matmul_tn(MatrixIn a, MatrixIn b, MatrixOut out, float alpha = 1, float beta = 0);

}  // namespace workbook
