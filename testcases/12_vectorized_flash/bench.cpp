// Offers lesson 12 to the benchmark: attention and decoding as they are, and a ladder that takes the lesson's functions
// into lesson 08's loop one after the other.

#include "common/bench/backend.h"
#include "common/tensor/linalg.h"
#include "vectorized_flash.h"

using namespace workbook;
using namespace workbook::attention_layer;
using namespace workbook::vectorized_flash;

namespace {

constexpr std::int64_t kKeys = 96;  // of a block
constexpr float kLog2E = 1.44269504f;

Tensor attend32(const Call& call) {
  const Mask mask = only_mask(call.masks);
  if (call.q.dim(2) == 1) return decode_attention(call.q, call.k, call.v, call.threads);
  return flash_attention(call.q, call.k, call.v, {mask, call.threads}).output;
}

Tensor attend16(const CallOfBfloat16& call) {
  only_mask(call.masks);  // one query sees every key, with a causal mask and without
  return decode_attention_bf16(call.q, call.k, call.v, call.threads);
}

bool is_decoding(const Extents& e) { return e.q_len == 1; }

/// Tiles, turned queries and output, and what decoding carries: 512 KiB are promised for each thread.
std::int64_t workspace(const Extents& e) { return 4 * e.batch * e.heads * e.q_len * (e.head_dim + 1) + (512 << 10); }

/// How many of the lesson's functions the loop below calls, in this order; the others are Eigen's products and
/// std::exp2.
enum Rung { none, with_exp2, with_score_tile, with_weigh_tile };

/// One strip of queries and what it carries along the keys; tensors are transposed as the lesson's are.
struct Strip {
  Tensor q_t, o_t, max, sum, factor;  // [head_dim, kStrip] twice, [kStrip] three times

  explicit Strip(std::int64_t head_dim)
      : q_t({head_dim, kStrip}),
        o_t({head_dim, kStrip}),
        max({kStrip}, std::numeric_limits<float>::lowest()),
        sum({kStrip}),
        factor({kStrip}) {}

  template <Rung rung>
  void meet(const Tensor& k, const Tensor& v, std::int64_t visible, std::int64_t slope) {
    Tensor s_t = rung >= with_score_tile ? score_tile(q_t, k) : Tensor({k.dim(0), kStrip});
    if (rung < with_score_tile) matmul(k.matrix(), q_t.matrix(), s_t.matrix());
    for (std::int64_t i = 0; i < kStrip && visible + slope * i < k.dim(0); ++i)
      for (std::int64_t j = std::max<std::int64_t>(0, visible + slope * i); j < k.dim(0); ++j)
        s_t.at(j, i) = -std::numeric_limits<float>::infinity();
    soften<rung>(s_t);
    if (rung >= with_weigh_tile) return weigh_tile(s_t, v, factor, o_t);
    each(o_t, [&](Floats x, int half) { return x * load(factor.data() + half); });
    matmul_tn(v.matrix(), s_t.matrix(), o_t.matrix(), 1, 1);
  }

  template <Rung rung>
  void soften(Tensor& s_t) {
    Tensor shrink = max;
    each(s_t, [&](Floats x, int half) { return raise(half, x), x; });
    each(s_t, [&](Floats x, int half) { return x - load(max.data() + half); });
    each(shrink, [&](Floats x, int half) { return x - load(max.data() + half); });
    s_t = powers<rung>(std::move(s_t)), factor = powers<rung>(std::move(shrink));
    each(sum, [&](Floats x, int half) { return x * load(factor.data() + half); });
    each(s_t, [&](Floats x, int half) { return store(&sum.at(half), load(&sum.at(half)) + x), x; });
  }

  void raise(int half, Floats x) { store(max.data() + half, larger(x, load(max.data() + half))); }

  template <Rung rung>
  static Tensor powers(Tensor x) {
    if (rung >= with_exp2) return vectorized_flash::exp2(x);
    for (float& element : x.values()) element = std::exp2(element);
    return x;
  }

  /// Puts f(vector, its first lane) in the place of every vector.
  template <class F>
  static void each(Tensor& x, const F& f) {
    for (float* row = x.data(); row != x.data() + x.size(); row += kStrip)
      for (int half = 0; half < kStrip; half += kLanes) store(row + half, f(load(row + half), half));
  }
};

/// Rows [first, first + count) of one head.
Tensor rows_of(const Tensor& x, std::int64_t head, std::int64_t first, std::int64_t count) {
  const std::int64_t head_dim = x.dim(3), at = (head * x.dim(2) + first) * head_dim;
  return Tensor({count, head_dim}, std::span(x.data() + at, static_cast<std::size_t>(count * head_dim)));
}

/// A head's blocks of kKeys rows, the last of which may be shorter.
std::vector<Tensor> blocks_of(const Tensor& x, std::int64_t head) {
  std::vector<Tensor> blocks;
  for (std::int64_t first = 0; first < x.dim(2); first += kKeys)
    blocks.push_back(rows_of(x, head, first, std::min(kKeys, x.dim(2) - first)));
  return blocks;
}

template <Rung rung>
Tensor climb(const Call& call) {
  const auto &q = call.q, &k = call.k;
  const bool causal = only_mask(call.masks) == Mask::causal;
  const std::int64_t n_rep = q.dim(1) / k.dim(1), q_len = q.dim(2), head_dim = q.dim(3), kv_len = k.dim(2);
  const float scale = kLog2E / std::sqrt(static_cast<float>(head_dim));
  Tensor out(q.shape());
  for (std::int64_t n = 0; n < q.dim(0) * q.dim(1); ++n) {
    const std::vector<Tensor> keys = blocks_of(k, n / n_rep), values = blocks_of(call.v, n / n_rep);
    for (std::int64_t first = 0; first < q_len; first += kStrip) {
      const std::int64_t count = std::min<std::int64_t>(kStrip, q_len - first), at = (n * q_len + first) * head_dim;
      Strip strip(head_dim);
      for (std::int64_t i = 0; i < count; ++i)
        for (std::int64_t c = 0; c < head_dim; ++c)
          strip.q_t.data()[c * kStrip + i] = q.data()[at + i * head_dim + c] * scale;
      const std::int64_t end = causal ? std::clamp<std::int64_t>(first + count + kv_len - q_len, 0, kv_len) : kv_len;
      for (std::int64_t kv = 0; kv < end; kv += kKeys)
        strip.meet<rung>(keys[kv / kKeys], values[kv / kKeys], causal ? first + 1 + kv_len - q_len - kv : kKeys,
                         causal);
      for (std::int64_t i = 0; i < count; ++i)
        for (std::int64_t c = 0; c < head_dim; ++c) {
          const float sum = strip.sum.data()[i];
          out.data()[at + i * head_dim + c] = sum == 0 ? 0 : strip.o_t.data()[c * kStrip + i] / sum;
        }
    }
  }
  return out;
}

}  // namespace

std::vector<Implementation> attention_layer::implementations() {
  const auto rung = [](const char* name, Tensor (*climb)(const Call&)) {
    return Implementation{.about = {.name = name, .ladder = true},
                          .attend = climb,
                          .workspace = workspace,
                          .takes = [](const Extents& e) { return !is_decoding(e); }};
  };
  return {rung("tiles", climb<none>),
          rung("+ exp2", climb<with_exp2>),
          rung("+ score_tile", climb<with_score_tile>),
          rung("+ weigh_tile", climb<with_weigh_tile>),
          {.about = {.name = "vectorized"}, .attend = attend32, .workspace = workspace, .own_threads = true},
          {.about = {.name = "vectorized", .dtypes = {"bfloat16"}},
           .attend = nullptr,
           .workspace = workspace,
           .attend_bfloat16 = attend16,
           .own_threads = true,
           .takes = is_decoding}};
}
