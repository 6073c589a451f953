// Backends that must not be timed: zeros, a crash, an exception, a gradient that is wrong; and one that is too large.

#include "common/bench/backend.h"

using namespace workbook;
using namespace workbook::attention_layer;

namespace {

Tensor zeros(const Call& call) { return Tensor(call.q.shape()); }

/// A training step by its definition, but that dk lacks the scale.
Trained unscaled(const TrainingCall& call) {
  const Tensor &q = call.q, &k = call.k, &v = call.v;
  Trained all{Tensor(q.shape()), Tensor(q.shape()), Tensor(k.shape()), Tensor(v.shape())};
  const float scale = 1 / std::sqrt(static_cast<float>(q.dim(3)));
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h)
      for (std::int64_t i = 0; i < q.dim(2); ++i) {
        const std::int64_t kv = h / (q.dim(1) / k.dim(1)), seen = i + 1 + k.dim(2) - q.dim(2);
        const auto row = [&](auto&& x, std::int64_t j) { return x.matrix(b, kv).row(j); };
        Eigen::ArrayXf p(seen), dp(seen);
        for (std::int64_t j = 0; j < seen; ++j) p(j) = scale * q.matrix(b, h).row(i).dot(row(k, j));
        p = (p - p.maxCoeff()).exp();
        p /= p.sum();
        for (std::int64_t j = 0; j < seen; ++j) dp(j) = call.d_output.matrix(b, h).row(i).dot(row(v, j));
        const Eigen::ArrayXf ds = p * (dp - (p * dp).sum());
        for (std::int64_t j = 0; j < seen; ++j) {
          all.output.matrix(b, h).row(i) += p(j) * row(v, j);
          all.dq.matrix(b, h).row(i) += scale * ds(j) * row(k, j);
          row(all.dk, j) += ds(j) * q.matrix(b, h).row(i);
          row(all.dv, j) += p(j) * call.d_output.matrix(b, h).row(i);
        }
      }
  return all;
}

Tensor crash(const Call& /*call*/) { __builtin_trap(); }

Tensor refuse(const Call& /*call*/) { throw std::domain_error("not today"); }

std::int64_t nothing(const Extents& /*e*/) { return 0; }

std::int64_t a_terabyte(const Extents& /*e*/) { return std::int64_t{1} << 40; }

}  // namespace

std::vector<Implementation> attention_layer::implementations() {
  return {{{.name = "zeros"}, zeros, nothing},
          {{.name = "crash"}, crash, nothing},
          {{.name = "refuse"}, refuse, nothing},
          {{.name = "kernel", .device = "cuda"}, zeros, nothing},
          {{.name = "large", .formula = Formula::linear}, zeros, a_terabyte},
          {.about = {.name = "unscaled", .formula = Formula::training},
           .attend = nullptr,
           .workspace = nothing,
           .train = unscaled}};
}
