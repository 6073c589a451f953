#include "vectorized_flash.h"

#include "common/tensor/threads.h"

using namespace workbook;
using namespace workbook::vectorized_flash;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity(), kLowest = std::numeric_limits<float>::lowest();
constexpr float kLog2E = 1.44269504f;  // exp(x) = 2^(x log2(e))
// Rows of a tile of sums, two vectors each. Two more vectors and a number take part in each step.
constexpr int kRows = std::clamp((kVectorRegisters - 4) / 2, 2, 12), kFew = std::min(kRows, 4);
constexpr std::int64_t kKeys = 96;   // of a block: their scores stay in the first cache
constexpr std::int64_t kStrips = 4;  // that meet a block of keys one after the other
constexpr std::int64_t kBlock = kStrips * kStrip;

/// 2^x for x <= 0: n + f with n whole and |f| <= 1/2, and then 2^n by its bits and 2^f by a polynomial.
Floats exp2_lanes(Floats x) {
  constexpr float kRound = 0x1.8p23f + 127;  // x + kRound has no room for a fraction: its last bits are n + 127
  x = larger(all_lanes(-127), x);            // from here on 2^n is 0; NaN stays
  const Floats rounded = x + kRound, f = x - (rounded - kRound);
  Floats p = f * 1.32647271e-3f + 9.67151265e-3f;  // least relative error, with p(0) = 1
  p = p * f + 5.55073374e-2f;
  p = p * f + 0.240222421f;
  p = p * f + 0.693146978f;
  p = p * f + 1.f;
  return p * from_bits(bits_of(rounded) << 23);  // n + 127 in the place of the exponent
}

/// out = factor out + a b, two vectors wide. The strides say where a's next row and a's next column begin, so the same
/// product makes scores (a is k: rows are keys) and weighs values (a is v^T: rows are channels).
struct Product {
  std::int64_t rows;
  const float* a;
  std::int64_t next_row, next_step, steps;
  const float* b;                // [steps, 2 kLanes]
  const Floats* factor;          // for each lane; none: what out holds is not read
  float* out;                    // [rows, 2 kLanes]
  std::int64_t stride = kStrip;  // of b's rows, and of out's

  /// `count` rows, all sums in registers: each number of a meets two vectors of b, each vector of b meets all rows.
  template <int count>
  void tile(std::int64_t row) const {
    Floats sum[count][2] = {};
    float* const to = out + row * stride;
    if (factor)
#pragma GCC unroll 12
      for (int r = 0; r < count; ++r)
        for (int half = 0; half < 2; ++half) sum[r][half] = factor[half] * load(to + r * stride + half * kLanes);
    for (std::int64_t step = 0; step < steps; ++step) {
      const Floats b0 = load(b + step * stride), b1 = load(b + step * stride + kLanes);
#pragma GCC unroll 12
      for (int r = 0; r < count; ++r) {
        const float number = a[(row + r) * next_row + step * next_step];
        sum[r][0] += number * b0;
        sum[r][1] += number * b1;
      }
    }
#pragma GCC unroll 12
    for (int r = 0; r < count; ++r)
      for (int half = 0; half < 2; ++half) store(to + r * stride + half * kLanes, sum[r][half]);
  }

  void run() const {
    std::int64_t row = 0;
    for (; row + kRows <= rows; row += kRows) tile<kRows>(row);
    for (; row + kFew <= rows; row += kFew) tile<kFew>(row);
    for (; row < rows; ++row) tile<1>(row);
  }
};

struct Head {
  const float *q, *k, *v;
  float *output, *lse;
  std::int64_t q_len = 0, kv_len = 0, head_dim = 0;
  Mask mask = Mask::none;

  std::int64_t visible(std::int64_t i) const {
    return mask == Mask::causal ? std::clamp<std::int64_t>(i + 1 + kv_len - q_len, 0, kv_len) : kv_len;
  }
};

/// Queries [first, last) of a head, and what they carry from block to block. Lanes without a query repeat the last one.
struct Strip {
  Tensor q_t, o_t;  // [head_dim, kStrip]
  Floats max[2] = {}, sum[2] = {};
  std::int64_t first = 0, last = 0;

  void begin(const Head& head, std::int64_t first_query) {
    first = first_query, last = std::min(first + kStrip, head.q_len);
    const float scale = kLog2E / std::sqrt(static_cast<float>(head.head_dim));
    for (std::int64_t i = 0; i < kStrip; ++i) {
      const float* query = head.q + std::min(first + i, last - 1) * head.head_dim;
      for (std::int64_t c = 0; c < head.head_dim; ++c) q_t.data()[c * kStrip + i] = query[c] * scale;
    }
    std::ranges::fill(o_t.values(), 0.f);
    // Not -inf: a hidden score is -inf, its weight has to become 0, and -inf less -inf is NaN.
    max[0] = max[1] = all_lanes(kLowest), sum[0] = sum[1] = all_lanes(0);
  }

  /// Keys from kv_first on, at most kKeys of them. @param s_t [kKeys, kStrip], to work in
  void meet(const Head& head, std::int64_t kv_first, float* s_t) {
    const std::int64_t keys = std::min(kKeys, head.visible(last - 1) - kv_first), head_dim = head.head_dim;
    if (keys <= 0) return;
    Product{keys, head.k + kv_first * head_dim, head_dim, 1, head_dim, q_t.data(), nullptr, s_t}.run();
    for (std::int64_t i = 0; head.visible(first + i) < kv_first + keys; ++i)
      for (std::int64_t j = std::max<std::int64_t>(head.visible(first + i) - kv_first, 0); j < keys; ++j)
        s_t[j * kStrip + i] = -kInfinity;
    Floats factor[2];
    soften(s_t, keys, factor);
    Product{head_dim, head.v + kv_first * head_dim, 1, head_dim, keys, s_t, factor, o_t.data()}.run();
  }

  /// Scores become weights, all lanes alike. @param factor gets what the sums so far have to be multiplied by
  void soften(float* s_t, std::int64_t keys, Floats (&factor)[2]) {
    Floats new_max[2] = {max[0], max[1]}, new_sum[2] = {};
    for (std::int64_t j = 0; j < keys; ++j)
      for (int half = 0; half < 2; ++half)
        new_max[half] = larger(load(s_t + j * kStrip + half * kLanes), new_max[half]);
#pragma GCC unroll 4
    for (std::int64_t j = 0; j < keys; ++j)
      for (int half = 0; half < 2; ++half) {
        const Floats weight = exp2_lanes(load(s_t + j * kStrip + half * kLanes) - new_max[half]);
        store(s_t + j * kStrip + half * kLanes, weight);
        new_sum[half] += weight;
      }
    for (int half = 0; half < 2; ++half) {
      factor[half] = exp2_lanes(std::exchange(max[half], new_max[half]) - new_max[half]);
      sum[half] = sum[half] * factor[half] + new_sum[half];
    }
  }

  void end(const Head& head) const {
    for (std::int64_t i = 0; i < last - first; ++i) {
      const float m = max[i / kLanes][i % kLanes], l = sum[i / kLanes][i % kLanes];
      head.lse[first + i] = l == 0 ? -kInfinity : (m + std::log2(l)) / kLog2E;
      float* const output = head.output + (first + i) * head.head_dim;
      for (std::int64_t c = 0; c < head.head_dim; ++c) output[c] = l == 0 ? 0 : o_t.data()[c * kStrip + i] / l;
    }
  }
};

/// One thread's tiles, used again for every block of queries.
struct Tiles {
  std::vector<Strip> strips;
  Tensor s_t;  // [kKeys, kStrip]

  /// kBlock queries from `first` on. A block of keys serves all strips while it is in the caches.
  void attend(const Head& head, std::int64_t first) {
    const std::int64_t end = std::min(first + kBlock, head.q_len);
    const std::span used(strips.data(), (end - first + kStrip - 1) / kStrip);
    for (Strip& strip : used) strip.begin(head, first), first += kStrip;
    for (std::int64_t kv_first = 0; kv_first < head.visible(end - 1); kv_first += kKeys)
      for (Strip& strip : used) strip.meet(head, kv_first, s_t.data());
    for (const Strip& strip : used) strip.end(head);
  }
};

float as_float(float x) { return x; }
float as_float(bfloat16 x) { return std::bit_cast<float>(std::uint32_t{x.value} << 16); }

/// The query heads of one KV head, and what they carry along its keys, or some of them. A query that is alone cannot
/// fill the lanes: here they are channels. Keys and values are read kRead at a time, and a block is kLanes of them.
struct Decoder {
  static constexpr int kRead = 4;
  std::int64_t n_rep, head_dim, width = (head_dim + kStrip - 1) / kStrip * kStrip;  // rows end with zeros
  Tensor q = Tensor({n_rep, width}), sums = q, rows = Tensor({kRead, width}), weights = Tensor({n_rep, kLanes});
  std::vector<float> max = std::vector(n_rep, kLowest), sum = std::vector(n_rep, 0.f);

  template <class T>
  void read(const T* from, std::int64_t count) {
    if (count < kRead) std::ranges::fill(rows.values(), 0.f);  // what was left there may be NaN, which no weight hides
    const std::int64_t channels = head_dim;
    for (std::int64_t j = 0; j < std::min<std::int64_t>(count, kRead); ++j)
      for (std::int64_t c = 0; c < channels; ++c) rows.data()[j * width + c] = as_float(from[j * channels + c]);
  }

  /// Scores of query head r with the keys in `rows`, which are keys j and on of their block.
  void score(std::int64_t r, std::int64_t j) {
    const float *const query = q.data() + r * width, *const keys = rows.data();
    Floats product[kRead] = {};
    for (std::int64_t c = 0; c < width; c += kLanes)
#pragma GCC unroll 4
      for (int i = 0; i < kRead; ++i) product[i] += load(query + c) * load(keys + i * width + c);
    for (int i = 0; i < kRead; ++i) weights.data()[r * kLanes + j + i] = sum_of_lanes(product[i]);
  }

  /// Its scores with `count` keys become weights.
  void soften(std::int64_t r, std::int64_t count) {
    float* const row = weights.data() + r * kLanes;
    std::fill(row + count, row + kLanes, -kInfinity);
    const float old = std::exchange(max[r], std::max(max[r], largest_of_lanes(load(row))));
    store(row, exp2_lanes(load(row) - max[r]));
    const float factor = exp2_lanes(all_lanes(old - max[r]))[0];
    sum[r] = sum[r] * factor + sum_of_lanes(load(row));
    for (float& x : sums.row(r)) x *= factor;
  }

  /// @param queries [n_rep, head_dim]
  template <class T>
  void attend(const float* queries, const T* k, const T* v, std::int64_t keys) {
    for (std::int64_t i = 0; i < n_rep * head_dim; ++i)
      q.at(i / head_dim, i % head_dim) = queries[i] * (kLog2E / std::sqrt(static_cast<float>(head_dim)));
    const Floats ones[2] = {all_lanes(1), all_lanes(1)};
    for (std::int64_t first = 0; first < keys; first += kLanes) {
      const std::int64_t count = std::min<std::int64_t>(kLanes, keys - first);
      for (std::int64_t j = 0; j < count; j += kRead) {
        read(k + (first + j) * head_dim, count - j);
        for (std::int64_t r = 0; r < n_rep; ++r) score(r, j);
      }
      for (std::int64_t r = 0; r < n_rep; ++r) soften(r, count);
      for (std::int64_t j = 0; j < count; j += kRead) {
        read(v + (first + j) * head_dim, count - j);
        for (std::int64_t c = 0; c < width; c += kStrip)
          Product{n_rep, weights.data() + j, kLanes, 1, kRead, rows.data() + c, ones, sums.data() + c, width}.run();
      }
    }
  }
};

/// What decoders of the same query heads found with keys of their own becomes one output: the merging of lesson 07.
void merge(std::span<const Decoder> parts, std::int64_t r, std::span<float> output) {
  float max = kLowest, sum = 0;
  for (const Decoder& part : parts) max = std::max(max, part.max[r]);
  for (const Decoder& part : parts) {
    const float factor = std::exp2(part.max[r] - max);
    sum += part.sum[r] * factor;
    for (std::size_t c = 0; c < output.size(); ++c) output[c] += part.sums.row(r)[c] * factor;
  }
  for (float& x : output) x = sum == 0 ? 0 : x / sum;
}

/// An item is one KV head, or a part of its keys if there are more threads than KV heads.
template <class T>
Tensor decode(const Tensor& q, const TensorOf<T>& k, const TensorOf<T>& v, int threads) {
  const std::int64_t kv_heads = k.dim(0) * k.dim(1), n_rep = q.dim(1) / k.dim(1), kv_len = k.dim(2),
                     head_dim = k.dim(3);
  const std::int64_t parts = kv_heads < threads ? std::clamp<std::int64_t>(kv_len, 1, threads) : 1;
  std::vector<Decoder> decoders(kv_heads * parts, Decoder{n_rep, head_dim});
  share_items(threads, kv_heads * parts, [&](std::int64_t item) {
    const std::int64_t h = item / parts, part = item % parts, first = kv_len * part / parts;
    const std::int64_t at = (h * kv_len + first) * head_dim, keys = kv_len * (part + 1) / parts - first;
    decoders[item].attend(q.data() + h * n_rep * head_dim, k.data() + at, v.data() + at, keys);
  });
  Tensor out(q.shape());
  for (std::int64_t h = 0; h < kv_heads * n_rep; ++h)
    merge(std::span(decoders).subspan(h / n_rep * parts, parts), h % n_rep,
          out.values().subspan(h * head_dim, head_dim));
  return out;
}

}  // namespace

Tensor vectorized_flash::exp2(const Tensor& x) {
  Tensor out(x.shape());
  const std::int64_t whole = x.size() / kLanes * kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) store(out.data() + i, exp2_lanes(load(x.data() + i)));
  for (std::int64_t i = whole; i < x.size(); ++i) out.data()[i] = exp2_lanes(all_lanes(x.data()[i]))[0];
  return out;
}

Tensor vectorized_flash::score_tile(const Tensor& q_t, const Tensor& k) {
  Tensor s_t({k.dim(0), kStrip});
  Product{k.dim(0), k.data(), k.dim(1), 1, k.dim(1), q_t.data(), nullptr, s_t.data()}.run();
  return s_t;
}

void vectorized_flash::weigh_tile(const Tensor& p_t, const Tensor& v, const Tensor& factor, Tensor& o_t) {
  const Floats factors[2] = {load(factor.data()), load(factor.data() + kLanes)};
  Product{v.dim(1), v.data(), 1, v.dim(1), v.dim(0), p_t.data(), factors, o_t.data()}.run();
}

FlashResult vectorized_flash::flash_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                              const FlashOptions& options) {
  const std::int64_t q_len = q.dim(2), kv_len = k.dim(2), head_dim = q.dim(3), n_rep = q.dim(1) / k.dim(1);
  const std::int64_t heads = q.dim(0) * q.dim(1), blocks = (q_len + kBlock - 1) / kBlock;
  FlashResult out{Tensor(q.shape()), Tensor({q.dim(0), q.dim(1), q_len})};
  const auto attend = [&](Tiles& tiles, std::int64_t item) {
    const std::int64_t h = item % heads, at = h * q_len * head_dim, kv_at = h / n_rep * kv_len * head_dim;
    Head head{q.data() + at, k.data() + kv_at, v.data() + kv_at, out.output.data() + at, out.lse.data() + h * q_len};
    head.q_len = q_len, head.kv_len = kv_len, head.head_dim = head_dim, head.mask = options.mask;
    // The last blocks see most keys: they come first, so that no thread begins a long one when the others are done.
    tiles.attend(head, (blocks - 1 - item / heads) * kBlock);
  };
  const Strip strip{Tensor({head_dim, kStrip}), Tensor({head_dim, kStrip})};
  const auto make = [&] { return Tiles{std::vector(kStrips, strip), Tensor({kKeys, kStrip})}; };
  share_items(options.threads, heads * blocks, make, attend);
  return out;
}

Tensor vectorized_flash::decode_attention(const Tensor& q, const Tensor& k, const Tensor& v, int threads) {
  return decode(q, k, v, threads);
}

Tensor vectorized_flash::decode_attention_bf16(const Tensor& q, const TensorOf<bfloat16>& k,
                                               const TensorOf<bfloat16>& v, int threads) {
  return decode(q, k, v, threads);
}
