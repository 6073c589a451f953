// Two right backends of one name, for float and for bfloat16 keys and values, with threads of their own; and two that
// tell how they were called, with and without threads of their own; and a step of a ladder.

#include "common/bench/backend.h"
#include "common/bench/parallel.h"

using namespace workbook;
using namespace workbook::attention_layer;

namespace {

/// Attention by its definition.
template <class Element>
Tensor defined(const CallOf<Element>& call) {
  const auto& q = call.q;
  const auto &k = call.k, &v = call.v;
  const bool causal = only_mask(call.masks) == Mask::causal;
  Tensor out(q.shape());
  bench::in_parallel(call.threads, [&](std::int64_t part) {
    const auto [first, last] = bench::share(q.dim(1), call.threads, part);
    for (std::int64_t b = 0; b < q.dim(0); ++b)
      for (std::int64_t h = first; h < last; ++h)
        for (std::int64_t i = 0; i < q.dim(2); ++i) {
          const std::int64_t kv = h / (q.dim(1) / k.dim(1)), seen = causal ? i + 1 + k.dim(2) - q.dim(2) : k.dim(2);
          const auto keys = k.matrix(b, kv).topRows(seen).template cast<float>();
          Eigen::ArrayXf p = keys * q.matrix(b, h).row(i).transpose() / std::sqrt(static_cast<float>(q.dim(3)));
          p = (p - p.maxCoeff()).exp();
          out.matrix(b, h).row(i) =
              (p / p.sum()).matrix().transpose() * v.matrix(b, kv).topRows(seen).template cast<float>();
        }
  });
  return out;
}

Tensor tell(const Call& call) {
  throw std::domain_error("called for " + std::to_string(call.threads) + " threads, " +
                          std::to_string(call.q.dim(0) * call.q.dim(1)) + " heads, " + std::to_string(call.q.dim(2)) +
                          " queries of " + std::to_string(call.k.dim(2)) + " keys");
}

bool decodes(const Extents& e) { return e.q_len == 1; }

std::int64_t result(const Extents& e) { return 4 * e.batch * e.heads * e.q_len * e.head_dim; }

}  // namespace

std::vector<Implementation> attention_layer::implementations() {
  return {{.about = {.name = "typed"}, .attend = defined<float>, .workspace = result, .own_threads = true},
          {.about = {.name = "typed", .dtypes = {"bfloat16"}},
           .attend = nullptr,
           .workspace = result,
           .attend_bfloat16 = defined<bfloat16>,
           .own_threads = true,
           .takes = decodes},
          {.about = {.name = "teller"}, .attend = tell, .workspace = result, .own_threads = true},
          {.about = {.name = "part teller"}, .attend = tell, .workspace = result},
          {.about = {.name = "part teller", .formula = Formula::linear}, .attend = tell, .workspace = result},
          {.about = {.name = "rung", .ladder = true}, .attend = defined<float>, .workspace = result}};
}
