/// The formulas of gradients agree with differences of the function that they are gradients of.

#include "common/oracle/attention_backward.h"

#include <cmath>

#include "common/checker/catch.h"
#include "common/oracle/softmax.h"
#include "common/tensor/random.h"

using namespace workbook;

namespace {

struct Inputs {
  Tensor64 q, k, v;
};

/// Attention whose weights have factors, written without any derivative.
Tensor64 attention(const Inputs& in, const oracle::AttentionBackward& options) {
  Tensor64 out({in.q.dim(0), in.q.dim(1), in.q.dim(2), in.v.dim(3)});
  const std::int64_t n_rep = in.q.dim(1) / in.k.dim(1);
  const double scale = 1 / std::sqrt(static_cast<double>(in.q.dim(3)));
  for (std::int64_t b = 0; b < in.q.dim(0); ++b)
    for (std::int64_t h = 0; h < in.q.dim(1); ++h)
      for (std::int64_t i = 0; i < in.q.dim(2); ++i) {
        Tensor64 scores({1, in.k.dim(2)}, -std::numeric_limits<double>::infinity());
        for (std::int64_t j = 0; j < in.k.dim(2); ++j)
          if (!options.visible || options.visible(i, j))
            scores.at(0, j) = scale * in.q.matrix(b, h).row(i).dot(in.k.matrix(b, h / n_rep).row(j));
        const Tensor64 weights = oracle::softmax(scores);
        for (std::int64_t j = 0; j < in.k.dim(2); ++j)
          out.matrix(b, h).row(i) +=
              weights.at(0, j) * (options.factor ? options.factor(b, h, i, j) : 1) * in.v.matrix(b, h / n_rep).row(j);
      }
  return out;
}

double loss(const Inputs& in, const Tensor64& d_output, const oracle::AttentionBackward& options) {
  const Tensor64 out = attention(in, options);
  return std::inner_product(out.values().begin(), out.values().end(), d_output.values().begin(), 0.0);
}

/// (loss(x + h) - loss(x - h)) / 2h for each element of one input.
Tensor64 central_differences(Inputs in, Tensor64 Inputs::*which, const Tensor64& d_output,
                             const oracle::AttentionBackward& options) {
  constexpr double h = 1e-5;  // the error is of the order h^2 + 1e-16 / h: some 1e-10
  Tensor64 result((in.*which).shape());
  for (std::int64_t n = 0; n < result.size(); ++n) {
    double& x = (in.*which).values()[static_cast<std::size_t>(n)];
    const double middle = x;
    x = middle + h;
    const double above = loss(in, d_output, options);
    x = middle - h;
    const double below = loss(in, d_output, options);
    x = middle;
    result.values()[static_cast<std::size_t>(n)] = (above - below) / (2 * h);
  }
  return result;
}

void check_gradients(std::int64_t q_len, std::int64_t kv_len, const oracle::AttentionBackward& options) {
  Random random(7);
  const auto normal = [&](const Shape& shape) { return to_double(random.normal(shape)); };
  const Inputs in{normal({2, 4, q_len, 3}), normal({2, 2, kv_len, 3}), normal({2, 2, kv_len, 5})};
  const Tensor64 d_output = normal({2, 4, q_len, 5});
  const auto got = oracle::attention_backward(in.q, in.k, in.v, d_output, options);
  const Tolerance tolerance{1e-8, 0, "central differences"};
  CHECK(compare(got.dq, central_differences(in, &Inputs::q, d_output, options), tolerance).ok());
  CHECK(compare(got.dk, central_differences(in, &Inputs::k, d_output, options), tolerance).ok());
  CHECK(compare(got.dv, central_differences(in, &Inputs::v, d_output, options), tolerance).ok());
}

}  // namespace

TEST_CASE("gradients of attention agree with central differences") {
  check_gradients(3, 4, {});
  check_gradients(4, 3, {.visible = oracle::visible(Mask::causal, 4, 3), .factor = {}});
  check_gradients(2, 5, {.visible = oracle::visible(Mask::causal, 2, 5), .factor = {}});
}

TEST_CASE("gradients of attention with dropout agree with central differences") {
  const auto factor = [](std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t j) {
    return (b + 2 * h + 3 * i + 5 * j) % 4 == 0 ? 0 : 4.0 / 3;
  };
  check_gradients(3, 4, {.visible = {}, .factor = factor});
  check_gradients(4, 4, {.visible = oracle::visible(Mask::causal, 4, 4), .factor = factor});
}
