#include "common/tensor/linalg.h"

#include <Eigen/Dense>

#include "common/tensor/read_hook.h"

namespace workbook {
namespace {

std::string shape_of(MatrixIn m) { return to_string(Shape{m.rows, m.cols}); }

ConstView view(MatrixIn m) { return {m.data, m.rows, m.cols, Eigen::OuterStride<>(m.stride)}; }

/// Checks op(a) [m, k] times op(b) [k, n] into out [m, n].
void check(const char* name, MatrixIn a, MatrixIn b, MatrixOut out, bool transpose_a, bool transpose_b) {
  const auto m = transpose_a ? a.cols : a.rows;
  const auto k = transpose_a ? a.rows : a.cols;
  const auto n = transpose_b ? b.rows : b.cols;
  if (k != (transpose_b ? b.cols : b.rows) || out.rows != m || out.cols != n)
    throw std::invalid_argument(std::string("[") + name + "] shapes do not fit: a " + shape_of(a) + ", b " +
                                shape_of(b) + ", out " + to_string(Shape{out.rows, out.cols}));
  // Each of the m n outputs reads k elements of either operand, however the product is blocked.
  if (ReadHook hook = read_hook()) {
    hook(a.data, static_cast<std::uint64_t>(m * n * k) * sizeof(float));
    hook(b.data, static_cast<std::uint64_t>(m * n * k) * sizeof(float));
  }
}

template <class Product>
void assign(const Product& product, MatrixOut to, float alpha, float beta) {
  View out(to.data, to.rows, to.cols, Eigen::OuterStride<>(to.stride));
  if (beta == 0)
    out.noalias() = alpha * product;
  else if (beta == 1)
    out.noalias() += alpha * product;
  else
    out = beta * out + alpha * product;
}

}  // namespace

void matmul(MatrixIn a, MatrixIn b, MatrixOut out, float alpha, float beta) {
  check("matmul", a, b, out, false, false);
  assign(view(a) * view(b), out, alpha, beta);
}

void matmul_nt(MatrixIn a, MatrixIn b, MatrixOut out, float alpha, float beta) {
  check("matmul_nt", a, b, out, false, true);
  assign(view(a) * view(b).transpose(), out, alpha, beta);
}

void matmul_tn(MatrixIn a, MatrixIn b, MatrixOut out, float alpha, float beta) {
  check("matmul_tn", a, b, out, true, false);
  assign(view(a).transpose() * view(b), out, alpha, beta);
}

}  // namespace workbook
