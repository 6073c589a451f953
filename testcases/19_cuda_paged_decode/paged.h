#pragma once
/// Batches of sequences in a paged cache, and attention over them by its definition, in double. What people get wrong
/// is an argument.

#include <functional>
#include <utility>

#include "common/checker/student.h"
#include "cuda_paged_decode.h"

namespace workbook::cuda_paged_decode {

/// What lies in slots that hold no token.
enum class Stale {
  old_tokens,  ///< of sequences that were freed: numbers like any others
  nan,
};

struct Sizes {
  std::vector<int> lengths = {};
  int heads = 1, kv_heads = 1, head_dim = 64;
  Stale stale = Stale::old_tokens;
  float stddev = 1;  ///< of queries and keys
};

/// The arguments of one call.
struct Batch {
  Tensor q;                                     // [batch, heads, head_dim]
  Tensor cache;                                 // [pages, 2, kv_heads, kPageTokens, head_dim]
  TensorOf<std::int32_t> block_table, lengths;  // [batch, max_pages], [batch]

  std::int64_t batch() const { return q.dim(0); }
  std::int64_t heads() const { return q.dim(1); }
  std::int64_t kv_heads() const { return cache.dim(2); }
  std::int64_t n_rep() const { return heads() / kv_heads(); }
  std::int64_t head_dim() const { return q.dim(2); }
};

/// Pages in random order; of the table's entries after a sequence's last page, every second is -1, and every second the
/// number of no page.
inline Batch random_batch(const Sizes& s) {
  int used = 0, most = 0;
  for (const int length : s.lengths) used += pages_of(length), most = std::max(most, pages_of(length));
  const int total = used + 3, batch = static_cast<int>(s.lengths.size());
  std::vector<int> order(static_cast<std::size_t>(total));
  for (int i = 0; i < total; ++i) order[static_cast<std::size_t>(i)] = i;
  for (std::size_t i = order.size() - 1; i > 0; --i)
    std::swap(order[i], order[static_cast<std::size_t>(random_integer(0, static_cast<std::int64_t>(i)))]);

  Batch b{random_normal({batch, s.heads, s.head_dim}, s.stddev),
          s.stale == Stale::nan ? Tensor({total, 2, s.kv_heads, kPageTokens, s.head_dim}, std::nanf(""))
                                : random_normal({total, 2, s.kv_heads, kPageTokens, s.head_dim}),
          TensorOf<std::int32_t>({batch, most + 2}), TensorOf<std::int32_t>({batch})};
  std::size_t next = 0;
  for (int n = 0; n < batch; ++n) {
    const int length = b.lengths.at(n) = s.lengths[static_cast<std::size_t>(n)];
    for (int i = 0; i < most + 2; ++i)
      b.block_table.at(n, i) = i < pages_of(length) ? order[next++] : i % 2 == 0 ? -1 : total + 1'000'000'000;
    for (int j = 0; j < length; ++j)
      for (int kv = 0; kv < 2; ++kv)
        for (int h = 0; h < s.kv_heads; ++h) {
          const Tensor row = random_normal({s.head_dim}, kv == 0 ? s.stddev : 1);
          std::ranges::copy(row.values(),
                            b.cache.row(b.block_table.at(n, j / kPageTokens), kv, h, j % kPageTokens).begin());
        }
  }
  return b;
}

/// How the walk over pages goes wrong.
enum class Walk {
  right,
  nothing_rescaled,
  sum_not_rescaled,
  output_not_rescaled,
  softmax_of_each_page,
  last_page_only
};

/// How a call reads its arguments; an empty function stands for the right choice.
struct Reading {
  std::function<double(double)> scale = {};                     ///< of 1 / sqrt(head_dim)
  std::function<std::int64_t(std::int64_t head)> kv_head = {};  ///< head / n_rep
  std::function<std::int64_t(std::int64_t head)> q_head = {};   ///< head
  std::function<std::int64_t(std::int64_t sequence)> q_sequence = {}, table_row = {}, length = {};
  std::function<std::int64_t(std::int64_t sequence, std::int64_t page)> page = {};  ///< block_table[sequence, page]
  std::function<std::pair<int, int>(int pages)> part = {};                          ///< first page and end: all of them
  bool token_major = false;      ///< pages are [2, kPageTokens, kv_heads, head_dim]
  bool kv_outside = false;       ///< the cache is [2, pages, ...]
  bool swapped = false;          ///< values and keys
  bool zeros_take_part = false;  ///< a slot without a token has score 0 and a value of zeros
  std::int64_t channels = 0;     ///< that a score has; 0: all
  Walk walk = Walk::right;
};

template <class Real>
struct Decoded {
  TensorOf<Real> out, lse, max;  // [batch, heads, head_dim], [batch, heads], [batch, heads]
};

/// The number of the element in the cache where a token's key (0) or value (1) begins.
inline std::int64_t row_of(const Batch& b, const Reading& r, std::int64_t page, int kv, std::int64_t head,
                           std::int64_t place) {
  const std::int64_t pages = b.cache.dim(0), heads = b.kv_heads(), which = r.swapped ? 1 - kv : kv;
  const std::int64_t block = r.kv_outside ? which * pages + page : page * 2 + which;
  return b.head_dim() *
         (r.token_major ? (block * kPageTokens + place) * heads + head : (block * heads + head) * kPageTokens + place);
}

/// One query's softmax over its page walk.
template <class Real>
struct Softmax {
  Real max = -std::numeric_limits<Real>::infinity(), sum = 0;
  std::vector<Real> out;

  void add_page(const std::vector<Real>& scores, const std::vector<const float*>& values, Walk walk) {
    Real largest = walk == Walk::softmax_of_each_page || walk == Walk::last_page_only ? -INFINITY : max;
    for (const Real x : scores) largest = std::max(largest, x);
    const Real factor = max == -INFINITY ? Real(0) : std::exp(max - largest);
    Real page_sum = 0;
    for (const Real x : scores) page_sum += std::exp(x - largest);
    const bool keeps_sum = walk == Walk::nothing_rescaled || walk == Walk::sum_not_rescaled;
    const bool keeps_out = walk == Walk::nothing_rescaled || walk == Walk::output_not_rescaled;
    Real of_sum = keeps_sum ? 1 : factor, of_out = keeps_out ? 1 : factor, of_page = 1;
    if (walk == Walk::last_page_only) of_sum = of_out = 0;
    if (walk == Walk::softmax_of_each_page) of_sum = 0, of_out = 1, of_page = 1 / page_sum;
    for (std::size_t c = 0; c < out.size(); ++c) out[c] *= of_out;
    sum = sum * of_sum + page_sum * of_page;
    for (std::size_t j = 0; j < scores.size(); ++j)
      for (std::size_t c = 0; c < out.size(); ++c)
        out[c] += std::exp(scores[j] - largest) * of_page * Real(values[j][c]);
    max = largest;
  }
};

template <class F, class... A>
auto either(const F& f, std::int64_t right, A... arguments) {
  return f ? f(arguments...) : right;
}

template <class Real>
Decoded<Real> decode(const Batch& b, const Reading& r = {}) {
  const Shape rows{b.batch(), b.heads()};
  Decoded<Real> result{TensorOf<Real>(b.q.shape()), TensorOf<Real>(rows), TensorOf<Real>(rows)};
  const auto cache = b.cache.values();
  const std::int64_t pages = b.cache.dim(0), channels = r.channels ? r.channels : b.head_dim();
  const double usual = 1 / std::sqrt(static_cast<double>(b.head_dim()));
  const Real scale = Real(r.scale ? r.scale(usual) : usual);
  for (std::int64_t n = 0; n < b.batch(); ++n)
    for (std::int64_t h = 0; h < b.heads(); ++h) {
      const std::int64_t kv_head = either(r.kv_head, h / b.n_rep(), h);
      const std::int64_t length = either(r.length, b.lengths.at(n), n), row = either(r.table_row, n, n);
      const auto q = b.q.row(either(r.q_sequence, n, n), either(r.q_head, h, h));
      std::pair<int, int> part{0, pages_of(static_cast<int>(length))};
      if (r.part) part = r.part(part.second);
      Softmax<Real> softmax{.out = std::vector<Real>(static_cast<std::size_t>(b.head_dim()))};
      for (std::int64_t i = part.first; i < part.second && i < b.block_table.dim(1); ++i) {
        std::int64_t page = r.page ? r.page(n, i) : b.block_table.at(row, i);
        if (page < 0 || page >= pages) page = 0;  // a wrong formula needs some page
        std::vector<Real> scores;
        std::vector<const float*> values;
        for (std::int64_t j = 0; j < kPageTokens && i * kPageTokens + j < length; ++j) {
          const std::int64_t k = row_of(b, r, page, 0, kv_head, j), v = row_of(b, r, page, 1, kv_head, j);
          Real sum = 0;
          for (std::int64_t c = 0; c < channels; ++c) sum += Real(q[c]) * Real(cache[k + c]);
          scores.push_back(scale * sum);
          values.push_back(&cache[v]);
        }
        const std::vector<float> zeros(static_cast<std::size_t>(b.head_dim()));
        if (r.zeros_take_part) scores.resize(kPageTokens), values.resize(kPageTokens, zeros.data());
        softmax.add_page(scores, values, r.walk);
      }
      for (std::int64_t c = 0; c < b.head_dim(); ++c)
        result.out.at(n, h, c) = softmax.sum == 0 ? 0 : softmax.out[static_cast<std::size_t>(c)] / softmax.sum;
      result.max.at(n, h) = softmax.max;
      result.lse.at(n, h) = softmax.max + std::log(softmax.sum);
    }
  return result;
}

}  // namespace workbook::cuda_paged_decode
