#include "sliding_window.h"

using namespace workbook;
using namespace workbook::sliding_window;

namespace {

/// Scores become weights. There are no hidden ones among them.
void softmax(std::span<float> scores) {
  float largest = -std::numeric_limits<float>::infinity(), sum = 0;
  for (const float score : scores) largest = std::max(largest, score);
  for (float& score : scores) sum += score = std::exp(score - largest);
  for (float& score : scores) score /= sum;
}

/// A window that hides no more and no less than `window`, so small that sums with positions do not overflow.
std::int64_t cut(std::int64_t window, std::int64_t q_len, std::int64_t kv_len) {
  return std::min(window, q_len + kv_len + 1);  // no query is further from a key
}

/// Attention of one query over the keys in these ranges. `scores` has room for all of them.
void attend(ConstView q,  // [1, head_dim]
            ConstView k,  // [kv_len, head_dim]
            ConstView v,  // [kv_len, head_dim]
            const std::vector<KeyRange>& ranges,
            Tensor& scores,  // [1, room]
            View out) {      // [1, head_dim], zeros
  const float scale = 1 / std::sqrt(static_cast<float>(q.cols()));
  std::int64_t seen = 0;  // the scores of all ranges stand next to each other: one softmax for all
  for (const auto& [first, count] : ranges) {
    matmul_nt(q, rows(k, first, count), columns(scores.matrix(), seen, count), scale);
    seen += count;
  }
  softmax(scores.values().first(static_cast<std::size_t>(seen)));
  seen = 0;
  for (const auto& [first, count] : ranges) {
    matmul(columns(scores.matrix(), seen, count), rows(v, first, count), out, 1, 1);
    seen += count;
  }
}

/// The keys that the query at `position` sees: its row of the layout, cut at the end and by the mask.
std::vector<KeyRange> ranges_of(std::int64_t position, const TensorOf<bool>& layout, std::int64_t block_size,
                                std::int64_t kv_len, Mask mask) {
  std::vector<KeyRange> ranges;
  const std::int64_t end = mask == Mask::causal ? position + 1 : kv_len;
  for (std::int64_t j = 0; j < layout.dim(1) && j * block_size < end; ++j)
    if (layout.at(position / block_size, j))
      ranges.push_back({j * block_size, std::min(block_size, end - j * block_size)});
  return ranges;
}

}  // namespace

TensorOf<bool> sliding_window::window_mask(std::int64_t q_len, std::int64_t kv_len, std::int64_t window, Mask mask) {
  TensorOf<bool> visible({q_len, kv_len});
  for (std::int64_t i = 0; i < q_len; ++i)
    for (std::int64_t j = 0; j < kv_len; ++j) {
      const std::int64_t position = i + kv_len - q_len;
      visible.at(i, j) = std::abs(position - j) < window && (mask == Mask::none || j <= position);
    }
  return visible;
}

KeyRange sliding_window::key_range(std::int64_t query, std::int64_t q_len, std::int64_t kv_len, std::int64_t window,
                                   Mask mask) {
  window = cut(window, q_len, kv_len);
  const std::int64_t position = query + kv_len - q_len;
  const std::int64_t first = std::max<std::int64_t>(0, position - window + 1);
  // The end is cut, not moved: at the edges of the sequence a window holds fewer keys.
  const std::int64_t end = std::min(kv_len, mask == Mask::causal ? position + 1 : position + window);
  return first < end ? KeyRange{first, end - first} : KeyRange{};
}

Tensor sliding_window::sliding_window_attention(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t window,
                                                Mask mask) {
  if (window < 1)
    throw std::invalid_argument("[sliding_window_attention] window must be >= 1; found " + std::to_string(window));
  const std::int64_t q_len = q.dim(2), kv_len = k.dim(2);
  window = cut(window, q_len, kv_len);
  Tensor out(q.shape());
  Tensor scores({1, std::min(kv_len, 2 * window - 1)});  // one query's, used again by the next
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < q.dim(1); ++h)
      for (std::int64_t i = 0; i < q_len; ++i) {
        // The whole lesson: what the mask would hide is not computed, so it need not be hidden.
        const KeyRange range = key_range(i, q_len, kv_len, window, mask);
        attend(rows(q.matrix(b, h), i, 1), k.matrix(b, h), v.matrix(b, h), {range}, scores,
               rows(out.matrix(b, h), i, 1));
      }
  return out;
}

TensorOf<bool> sliding_window::block_layout(const LayoutConfig& config) {
  const int blocks = config.blocks;
  TensorOf<bool> layout({blocks, blocks});
  for (int i = 0; i < blocks; ++i) {
    const int end = config.mask == Mask::causal ? i + 1 : blocks;
    for (int j = 0; j < end; ++j)
      layout.at(i, j) = std::abs(i - j) < config.local || i < config.global || j < config.global;
    for (int drawn = 0; drawn < config.random; ++drawn) {
      int best = -1;
      for (int j = 0; j < end; ++j)
        if (!layout.at(i, j) && (best < 0 || lot(config.seed, i, j) < lot(config.seed, i, best))) best = j;
      if (best < 0) break;
      layout.at(i, best) = true;  // seen from now on, so it is not drawn again
    }
  }
  return layout;
}

Tensor sliding_window::block_sparse_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                              const TensorOf<bool>& layout, std::int64_t block_size, Mask mask) {
  const std::int64_t q_len = q.dim(2), kv_len = k.dim(2);
  const std::int64_t blocks = kv_len / block_size + (kv_len % block_size != 0);  // rounded up: the last may be smaller
  if (layout.shape() != Shape{blocks, blocks})
    throw std::invalid_argument("[block_sparse_attention] layout must be " + to_string(Shape{blocks, blocks}) +
                                "; found " + to_string(layout.shape()));
  Tensor out(q.shape());
  Tensor scores({1, kv_len});
  for (std::int64_t i = 0; i < q_len; ++i) {
    const auto ranges = ranges_of(i + kv_len - q_len, layout, block_size, kv_len, mask);
    for (std::int64_t b = 0; b < q.dim(0); ++b)
      for (std::int64_t h = 0; h < q.dim(1); ++h)
        attend(rows(q.matrix(b, h), i, 1), k.matrix(b, h), v.matrix(b, h), ranges, scores,
               rows(out.matrix(b, h), i, 1));
  }
  return out;
}
