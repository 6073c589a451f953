#pragma once
/// Steps so long that the definition of all their numbers would take much longer than the call: one head, causal, of
/// which a few rows are compared.

#include "common/oracle/rounding.h"
#include "flash.h"

namespace workbook::flash_backward {

namespace detail {

/// How many keys query i sees.
inline std::int64_t seen_by(const Step& step, std::int64_t i) {
  return std::clamp<std::int64_t>(i + 1 + step.in.kv_len() - step.in.q_len(), 0, step.in.kv_len());
}

template <class T>
T dot_of(std::span<const float> a, std::span<const float> b) {
  T sum = 0;
  for (std::size_t c = 0; c < a.size(); ++c) sum += T{a[c]} * T{b[c]};
  return sum;
}

/// The factors of a row's first keys: a call of Philox has those of four.
inline void find_factors(const Step& step, std::int64_t row, std::span<float> factors) {
  const auto low = [](auto x) { return static_cast<std::uint32_t>(x); };
  const Dropout& dropout = step.dropout;
  Words words{};
  for (std::size_t j = 0; j < factors.size(); ++j) {
    if (dropout.p > 0 && j % 4 == 0)
      words = philox_words({low(j / 4), low(row), 0, 0}, {low(dropout.seed), low(dropout.seed >> 32)});
    factors[j] = dropout.p > 0 && words[j % 4] < dropout.p * 0x1p32 ? 0 : static_cast<float>(1 / (1 - dropout.p));
  }
}

}  // namespace detail

/// Inputs of one head. They have no outputs yet.
inline Step long_inputs(std::int64_t q_len, std::int64_t kv_len, std::int64_t head_dim, const Dropout& dropout = {}) {
  Step step{.in = attention_tests::random_inputs({.q_len = q_len, .kv_len = kv_len, .head_dim = head_dim}),
            .mask = Mask::causal,
            .dropout = dropout,
            .outputs = {},
            .p = {}};
  step.outputs = {Tensor(step.in.q.shape()), Tensor({1, 1, q_len}), random_normal(step.in.q.shape())};
  return step;
}

/// The forward pass of one row. Exponentials are in float, and sums in double.
inline void find_outputs(Step& step, std::int64_t i) {
  const std::span<const float> q = step.in.q.row(0, 0, i), k = step.in.k.values(), v = step.in.v.values();
  const std::size_t d = q.size();
  const float scale = 1 / std::sqrt(static_cast<float>(d));
  std::vector<float> weights(static_cast<std::size_t>(detail::seen_by(step, i))), factors(weights.size());
  detail::find_factors(step, i, factors);
  float max = -std::numeric_limits<float>::infinity();
  for (std::size_t j = 0; j < weights.size(); ++j) {
    weights[j] = scale * detail::dot_of<float>(q, k.subspan(j * d, d));
    max = std::max(max, weights[j]);
  }
  double sum = 0;
  std::vector<double> output(d);
  for (std::size_t j = 0; j < weights.size(); ++j) {
    const float weight = std::exp(weights[j] - max);
    sum += weight;
    for (std::size_t c = 0; c < d; ++c) output[c] += weight * factors[j] * v[j * d + c];
  }
  for (std::size_t c = 0; c < d && sum > 0; ++c)
    step.outputs.output.row(0, 0, i)[c] = static_cast<float>(output[c] / sum);
  step.outputs.lse.at(0, 0, i) = static_cast<float>(max + std::log(sum));
}

inline Step long_step(std::int64_t q_len, std::int64_t kv_len, std::int64_t head_dim, const Dropout& dropout = {}) {
  Step step = long_inputs(q_len, kv_len, head_dim, dropout);
  for (std::int64_t i = 0; i < q_len; ++i) find_outputs(step, i);
  return step;
}

using Places = std::vector<std::int64_t>;

/// The first and the last row, and two more.
inline Places some_places(std::int64_t count) {
  return {0, count - 1, random_integer(0, count - 1), random_integer(0, count - 1)};
}

/// Rows of [1, 1, rows, columns].
inline Tensor rows_at(const Tensor& x, const Places& places) {
  Tensor some({std::ssize(places), x.dim(3)});
  for (std::int64_t n = 0; n < some.dim(0); ++n)
    std::ranges::copy(x.row(0, 0, places[static_cast<std::size_t>(n)]), some.row(n).begin());
  return some;
}

/// The rows of the gradients at these queries and keys.
template <class T>
struct SomeGradients {
  TensorOf<T> dq, dk, dv;

  SomeGradients(const Step& step, const Places& queries, const Places& keys)
      : dq({std::ssize(queries), step.in.q.dim(3)}), dk({std::ssize(keys), step.in.q.dim(3)}), dv(dk.shape()) {
    for (std::int64_t n = 0; n < dq.dim(0); ++n) {
      const std::int64_t i = queries[static_cast<std::size_t>(n)];
      for (std::int64_t j = 0; j < detail::seen_by(step, i); ++j)
        add(dq.row(n), find(step, i, j).d_score, step.in.k.row(0, 0, j));
    }
    for (std::int64_t n = 0; n < dk.dim(0); ++n) {
      const std::int64_t j = keys[static_cast<std::size_t>(n)];
      for (std::int64_t i = 0; i < step.in.q_len(); ++i) {
        if (j >= detail::seen_by(step, i)) continue;
        const Pair pair = find(step, i, j);
        add(dk.row(n), pair.d_score, step.in.q.row(0, 0, i));
        add(dv.row(n), pair.weight, step.outputs.d_output.row(0, 0, i));
      }
    }
  }

 private:
  struct Pair {
    T weight;   ///< after dropout
    T d_score;  ///< times the scale
  };

  static Pair find(const Step& step, std::int64_t i, std::int64_t j) {
    const auto q = step.in.q.row(0, 0, i), d_output = step.outputs.d_output.row(0, 0, i);
    const T scale = 1 / std::sqrt(static_cast<T>(q.size())), lse = step.outputs.lse.at(0, 0, i);
    const T p = std::exp(scale * detail::dot_of<T>(q, step.in.k.row(0, 0, j)) - lse);
    const T factor = static_cast<T>(factor_of(step.dropout, {0, 0, i, j}));
    const T mean = detail::dot_of<T>(d_output, step.outputs.output.row(0, 0, i));
    return {p * factor, scale * p * (factor * detail::dot_of<T>(d_output, step.in.v.row(0, 0, j)) - mean)};
  }

  static void add(std::span<T> sum, T factor, std::span<const float> row) {
    for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += factor * T{row[c]};
  }
};

/// Checks some rows of each gradient.
inline void check_some_gradients(const Gradients& got, const Step& step) {
  const Places queries = some_places(step.in.q_len()), keys = some_places(step.in.kv_len());
  const SomeGradients<double> exact(step, queries, keys);
  const SomeGradients<float> in_float(step, queries, keys);
  const auto check = [](const char* name, const Tensor& gradient, const Tensor& argument, const Places& places,
                        const Tensor64& right, const Tensor& rounded) {
    INFO(name << " The first row, the last, and two drawn at random are compared.");
    REQUIRE(gradient.shape() == argument.shape());
    CHECK_THAT(rows_at(gradient, places), matches(right, oracle::lost_in_float(rounded, right)));
  };
  check("This is dv.", got.dv, step.in.v, keys, exact.dv, in_float.dv);
  check("This is dq.", got.dq, step.in.q, queries, exact.dq, in_float.dq);
  check("This is dk.", got.dk, step.in.k, keys, exact.dk, in_float.dk);
}

/// Checks some rows of an output.
inline void check_some_outputs(const Forward& got, Step step) {
  const Places queries = some_places(step.in.q_len());
  for (const std::int64_t i : queries) find_outputs(step, i);
  INFO("The first row, the last, and two drawn at random are compared.");
  REQUIRE(got.output.shape() == step.in.q.shape());
  CHECK_THAT(rows_at(got.output, queries), matches(rows_at(step.outputs.output, queries),
                                                   {1e-5, 1e-5, "sums of 1700 terms, and exponentials, in float"}));
}

}  // namespace workbook::flash_backward
