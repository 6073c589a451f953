#include "vectorized_flash.h"

#include "common/tensor/threads.h"

using namespace workbook;
using namespace workbook::vectorized_flash;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity(), kLowest = std::numeric_limits<float>::lowest();
constexpr float kLog2E = 1.44269504f;                                                   // exp(x) = 2^(x log2(e))
constexpr int kVectors = kVectorRegisters >= 32 ? 4 : 2, kQueries = kVectors * kLanes;  // of a strip, side by side
constexpr std::int64_t kKeys = 96;                          // of a block: their scores stay in the first cache
constexpr std::int64_t kMany = 4 * kLanes, kAhead = 16384;  // decoding: keys of a block; bytes to ask for in advance
constexpr Floats kOnes[2] = {Floats{} + 1, Floats{} + 1};

/// 2^x for x <= 0: n + f with n whole and |f| <= 1/2, and then 2^n by its bits and 2^f by a polynomial. Each step waits
/// for the one before it, and the steps of other vectors fill that time.
template <std::size_t count>
[[gnu::always_inline]] inline void exp2_lanes(std::array<Floats, count>& x) {
  constexpr float kRound = 0x1.8p23f + 127;  // x + kRound has no room for a fraction: its last bits are n + 127
  std::array<Floats, count> rounded, p;
  for (Floats& lanes : x) lanes = larger(all_lanes(-127), lanes);  // 2^n is 0 there; NaN stays
  for (std::size_t i = 0; i < count; ++i) rounded[i] = x[i] + kRound, x[i] -= rounded[i] - kRound;
  for (std::size_t i = 0; i < count; ++i) p[i] = x[i] * 1.32647271e-3f + 9.67151265e-3f;
  for (const float next : {5.55073374e-2f, 0.240222421f, 0.693146978f, 1.f})  // least relative error, with p(0) = 1
    for (std::size_t i = 0; i < count; ++i) p[i] = p[i] * x[i] + next;
  for (std::size_t i = 0; i < count; ++i) x[i] = p[i] * from_bits(bits_of(rounded[i]) << 23);  // n + 127 as exponent
}
Floats exp2_lanes(Floats x) {
  std::array only{x};
  return exp2_lanes(only), only[0];
}

/// out = factor out + a b, `vectors` wide. The strides say where a's next row and a's next column begin, so the same
/// product makes scores (rows are keys) and weighs values (rows are channels, or the heads that are decoded).
template <int vectors>
struct Product {
  static constexpr int kRows = std::clamp((kVectorRegisters - 1) / vectors - 1, 2, 24 / vectors);  // and b, and a
  static constexpr int kFew = std::min(kRows, 8 / vectors), kWidth = vectors * kLanes;
  std::int64_t rows;
  const float* a;
  std::int64_t next_row, next_step, steps;
  const float* b;        // [steps, kWidth]
  const Floats* factor;  // for each lane; none: what out holds is not read
  float* out;            // [rows, kWidth]

  /// `count` rows, all sums in registers: each number of a meets all vectors of b, each vector of b meets all rows.
  template <int count>
  void tile(std::int64_t row) const {
    Floats sum[count * vectors] = {}, right[vectors];
    float* const to = out + row * kWidth;
    if (factor)
#pragma GCC unroll 24
      for (int i = 0; i < count * vectors; ++i) sum[i] = factor[i % vectors] * load(to + i * kLanes);
    for (std::int64_t step = 0; step < steps; ++step) {
      for (int i = 0; i < vectors; ++i) right[i] = load(b + step * kWidth + i * kLanes);
#pragma GCC unroll 24
      for (int r = 0; r < count; ++r) {
        const float number = a[(row + r) * next_row + step * next_step];
        for (int i = 0; i < vectors; ++i) sum[r * vectors + i] += number * right[i];
      }
    }
#pragma GCC unroll 24
    for (int i = 0; i < count * vectors; ++i) store(to + i * kLanes, sum[i]);
  }

  /// In between, each tile asks for a part of what is read later.
  void run(const float* later = nullptr, std::int64_t size = 0) const {
    const std::int64_t part = size / std::max<std::int64_t>(rows / kRows, 1);
    std::int64_t row = 0;
    for (; row + kRows <= rows; row += kRows, later += part) prefetch(later, 4 * part), tile<kRows>(row);
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
  Tensor q_t, o_t;  // [head_dim, kQueries]
  std::array<Floats, kVectors> max = {}, sum = {};
  std::int64_t first = 0, last = 0;

  void begin(const Head& head, std::int64_t first_query) {
    first = first_query, last = std::min(first + kQueries, head.q_len);
    const float scale = kLog2E / std::sqrt(static_cast<float>(head.head_dim));
    for (std::int64_t i = 0; i < kQueries; ++i) {
      const float* query = head.q + std::min(first + i, last - 1) * head.head_dim;
      for (std::int64_t c = 0; c < head.head_dim; ++c) q_t.data()[c * kQueries + i] = query[c] * scale;
    }
    std::ranges::fill(o_t.values(), 0.f);
    // Not -inf: a hidden score is -inf, its weight has to become 0, and -inf less -inf is NaN.
    max.fill(all_lanes(kLowest)), sum.fill(all_lanes(0));
  }

  /// At most kKeys keys, from kv_first on. The strips of a block ask for the next ones, each for its share.
  /// @param s_t [kKeys, kQueries], to work in
  void meet(const Head& head, std::int64_t kv_first, float* s_t, std::int64_t strips) {
    const std::int64_t keys = std::min(kKeys, head.visible(last - 1) - kv_first), head_dim = head.head_dim;
    if (keys <= 0) return;
    const float *k = head.k + kv_first * head_dim, *v = head.v + kv_first * head_dim;
    const std::int64_t share = kKeys * head_dim / strips, next = kKeys * head_dim + first / kQueries % strips * share;
    Product<kVectors>{keys, k, head_dim, 1, head_dim, q_t.data(), nullptr, s_t}.run(k + next, share);
    for (std::int64_t i = 0; head.visible(first + i) < kv_first + keys; ++i)
      for (std::int64_t j = std::max<std::int64_t>(head.visible(first + i) - kv_first, 0); j < keys; ++j)
        s_t[j * kQueries + i] = -kInfinity;
    std::array<Floats, kVectors> largest = max, total = {}, weight, factor;
    for (float* row = s_t; row < s_t + keys * kQueries; row += kQueries)
      for (int i = 0; i < kVectors; ++i) largest[i] = larger(load(row + i * kLanes), largest[i]);
    for (float* row = s_t; row < s_t + keys * kQueries; row += kQueries) {
      for (int i = 0; i < kVectors; ++i) weight[i] = load(row + i * kLanes) - largest[i];
      exp2_lanes(weight);
      for (int i = 0; i < kVectors; ++i) store(row + i * kLanes, weight[i]), total[i] += weight[i];
    }
    for (int i = 0; i < kVectors; ++i) factor[i] = std::exchange(max[i], largest[i]) - largest[i];
    exp2_lanes(factor);
    for (int i = 0; i < kVectors; ++i) sum[i] = sum[i] * factor[i] + total[i];
    Product<kVectors>{head_dim, v, 1, head_dim, keys, s_t, factor.data(), o_t.data()}.run(v + next, share);
  }

  void end(const Head& head) const {
    for (std::int64_t i = 0; i < last - first; ++i) {
      const float m = max[i / kLanes][i % kLanes], l = sum[i / kLanes][i % kLanes], share = 1 / l;
      head.lse[first + i] = l == 0 ? -kInfinity : (m + std::log2(l)) / kLog2E;
      float* const output = head.output + (first + i) * head.head_dim;
      for (std::int64_t c = 0; c < head.head_dim; ++c) output[c] = l == 0 ? 0 : o_t.data()[c * kQueries + i] * share;
    }
  }
};

/// The query heads of one KV head, and what they carry along its keys, or some of them. A query that is alone cannot
/// fill the lanes: here they are channels, in tiles of kStrip, the last of which ends with zeros.
template <class T>
struct Decoder {
  std::int64_t n_rep, head_dim, tiles = (head_dim + kStrip - 1) / kStrip;
  Tensor q = Tensor({tiles, n_rep, kStrip}), sums = q, rows = Tensor({tiles, kLanes, kStrip});
  Tensor weights = Tensor({n_rep, kMany});
  std::vector<float> max = std::vector(n_rep, kLowest), sum = std::vector(n_rep, 0.f);

  float& at(Tensor& x, std::int64_t r, std::int64_t c) { return x.at(c / kStrip, r, widened_lane<T>(c % kStrip)); }

  /// Keys or values: kLanes rows, or `count` and then zeros: what was left there may be NaN, which no weight hides.
  void read(const T* from, std::int64_t count) {
    if (count < kLanes) std::ranges::fill(rows.values(), 0.f);
    float* const to = rows.data();
    const std::int64_t width = head_dim, whole = width / kStrip * kStrip;
    T rest[kStrip] = {};
    for (std::int64_t j = 0; j < std::min<std::int64_t>(count, kLanes); ++j, from += width) {
      for (std::int64_t c = 0; c < whole; c += kStrip) {
        prefetch(from + c + kAhead / sizeof(T), kStrip * sizeof(T));
        widen(from + c, to + c * kLanes + j * kStrip);
      }
      if (whole < width) std::copy(from + whole, from + width, rest), widen(rest, to + whole * kLanes + j * kStrip);
    }
  }

  /// Scores of query head r with the keys in `rows`, keys j and on of their block.
  void score(std::int64_t r, std::int64_t j) {
    Floats product[kLanes] = {};
    for (std::int64_t t = 0; t < tiles; ++t)
      for (std::int64_t c = 0; c < kStrip; c += kLanes) {
        const float *query = q.data() + (t * n_rep + r) * kStrip + c, *keys = rows.data() + t * kLanes * kStrip + c;
#pragma GCC unroll 16
        for (std::int64_t i = 0; i < kLanes; ++i) product[i] += load(query) * load(keys + i * kStrip);
      }
    store(weights.data() + r * kMany + j, sums_of_lanes(product));
  }

  /// Its scores with a block of `count` keys become weights.
  void soften(std::int64_t r, std::int64_t count) {
    float* const row = weights.data() + r * kMany;
    std::fill(row + count, row + kMany, -kInfinity);
    std::array<Floats, kMany / kLanes> weight;
    Floats largest = load(row), total = {};
    for (std::int64_t i = 0; i < kMany / kLanes; ++i) largest = larger(weight[i] = load(row + i * kLanes), largest);
    const float old = std::exchange(max[r], std::max(max[r], largest_of_lanes(largest)));
    for (Floats& x : weight) x -= max[r];
    exp2_lanes(weight);
    for (std::int64_t i = 0; i < kMany / kLanes; ++i) store(row + i * kLanes, weight[i]), total += weight[i];
    const float factor = exp2_lanes(all_lanes(old - max[r]))[0];
    sum[r] = sum[r] * factor + sum_of_lanes(total);
    for (std::int64_t t = 0; t < tiles; ++t)
      for (std::int64_t c = 0; c < kStrip; ++c) sums.data()[(t * n_rep + r) * kStrip + c] *= factor;
  }

  void attend(const float* queries, const T* k, const T* v, std::int64_t keys) {
    for (std::int64_t i = 0; i < n_rep * head_dim; ++i)
      at(q, i / head_dim, i % head_dim) = queries[i] * (kLog2E / std::sqrt(static_cast<float>(head_dim)));
    for (std::int64_t first = 0; first < keys; first += kMany) {
      const std::int64_t count = std::min(kMany, keys - first);
      for (std::int64_t j = 0; j < count; j += kLanes, k += kLanes * head_dim) {
        read(k, count - j);
        for (std::int64_t r = 0; r < n_rep; ++r) score(r, j);
      }
      for (std::int64_t r = 0; r < n_rep; ++r) soften(r, count);
      for (std::int64_t j = 0; j < count; j += kLanes, v += kLanes * head_dim) {
        read(v, count - j);
        for (std::int64_t t = 0; t < tiles; ++t) {
          const float* const channels = rows.data() + t * kLanes * kStrip;
          Product<2>{n_rep, &weights.at(0, j), kMany, 1, kLanes, channels, kOnes, &sums.at(t, 0, 0)}.run();
        }
      }
    }
  }
};

/// What decoders of the same query heads found with keys of their own becomes one output: the merging of lesson 07.
template <class T>
void merge(std::span<Decoder<T>> parts, std::int64_t r, std::span<float> output) {
  float max = kLowest, sum = 0;
  for (const Decoder<T>& part : parts) max = std::max(max, part.max[r]);
  for (Decoder<T>& part : parts) {
    const float factor = std::exp2(part.max[r] - max);
    sum += part.sum[r] * factor;
    for (std::size_t c = 0; c < output.size(); ++c) output[c] += part.at(part.sums, r, c) * factor;
  }
  for (float& x : output) x = sum == 0 ? 0 : x / sum;
}

/// An item is one KV head, or a part of its keys if there are more threads than KV heads.
template <class T>
Tensor decode(const Tensor& q, const TensorOf<T>& k, const TensorOf<T>& v, int threads) {
  const std::int64_t heads = k.dim(0) * k.dim(1), n_rep = q.dim(1) / k.dim(1), kv_len = k.dim(2), head_dim = k.dim(3);
  const std::int64_t parts = heads < threads ? std::clamp<std::int64_t>(kv_len, 1, threads) : 1;
  std::vector<Decoder<T>> decoders(heads * parts, Decoder<T>{n_rep, head_dim});
  share_items(threads, heads * parts, [&](std::int64_t item) {
    const std::int64_t h = item / parts, part = item % parts, first = kv_len * part / parts;
    const std::int64_t at = (h * kv_len + first) * head_dim, keys = kv_len * (part + 1) / parts - first;
    decoders[item].attend(q.data() + h * n_rep * head_dim, k.data() + at, v.data() + at, keys);
  });
  Tensor out(q.shape());
  for (std::int64_t h = 0; h < heads * n_rep; ++h)
    merge(std::span(&decoders[h / n_rep * parts], parts), h % n_rep, std::span(out.data() + h * head_dim, head_dim));
  return out;
}

}  // namespace

Tensor vectorized_flash::exp2(const Tensor& x) {
  Tensor out(x.shape());
  std::int64_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) store(out.data() + i, exp2_lanes(load(x.data() + i)));
  for (; i < x.size(); ++i) out.data()[i] = exp2_lanes(all_lanes(x.data()[i]))[0];
  return out;
}

Tensor vectorized_flash::score_tile(const Tensor& q_t, const Tensor& k) {
  Tensor s_t({k.dim(0), kStrip});
  Product<2>{k.dim(0), k.data(), k.dim(1), 1, k.dim(1), q_t.data(), nullptr, s_t.data()}.run();
  return s_t;
}

void vectorized_flash::weigh_tile(const Tensor& p_t, const Tensor& v, const Tensor& factor, Tensor& o_t) {
  const Floats factors[2] = {load(factor.data()), load(factor.data() + kLanes)};
  Product<2>{v.dim(1), v.data(), 1, v.dim(1), v.dim(0), p_t.data(), factors, o_t.data()}.run();
}

FlashResult vectorized_flash::flash_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                              const FlashOptions& options) {
  const std::int64_t q_len = q.dim(2), kv_len = k.dim(2), head_dim = q.dim(3), n_rep = q.dim(1) / k.dim(1);
  const std::int64_t heads = q.dim(0) * q.dim(1), block = head_dim > 128 ? 128 : 384;  // the second cache holds it
  const std::int64_t blocks = (q_len + block - 1) / block;
  FlashResult out{Tensor::unfilled(q.shape()), Tensor({q.dim(0), q.dim(1), q_len})};
  const Strip strip{Tensor({head_dim, kQueries}), Tensor({head_dim, kQueries})};
  const auto make = [&] { return std::pair(std::vector(block / kQueries, strip), Tensor({kKeys, kQueries})); };
  const auto attend = [&](auto& mine, std::int64_t item) {
    const std::int64_t h = item % heads, at = h * q_len * head_dim, kv_at = h / n_rep * kv_len * head_dim;
    Head head{q.data() + at, k.data() + kv_at, v.data() + kv_at, out.output.data() + at, out.lse.data() + h * q_len};
    head.q_len = q_len, head.kv_len = kv_len, head.head_dim = head_dim, head.mask = options.mask;
    // The last blocks see most keys: they come first, so that no thread begins a long one when the others are done.
    std::int64_t first = (blocks - 1 - item / heads) * block, last = std::min(first + block, q_len);
    const std::span strips(mine.first.data(), (last - first + kQueries - 1) / kQueries);
    for (Strip& each : strips) each.begin(head, first), first += kQueries;
    for (std::int64_t kv_first = 0; kv_first < head.visible(last - 1); kv_first += kKeys)
      for (Strip& each : strips) each.meet(head, kv_first, mine.second.data(), std::ssize(strips));
    for (const Strip& each : strips) each.end(head);
  };
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
