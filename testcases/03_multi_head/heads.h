#pragma once
/// Ways to cut channels into heads, and to put them together: the right one, and those that people take for it.

#include "common/checker/student.h"
#include "common/oracle/attention.h"

namespace workbook::multi_head {

/// The same numbers in memory under another shape: nothing is moved.
inline Tensor64 split_by_shape(const Tensor64& x, std::int64_t heads) {
  return x.reshaped({x.dim(0), heads, x.dim(1), x.dim(2) / heads});
}
inline Tensor64 merge_by_shape(const Tensor64& x) { return x.reshaped({x.dim(0), x.dim(2), x.dim(1) * x.dim(3)}); }

/// Head h is every heads-th channel, from channel h on.
inline Tensor64 split_interleaved(const Tensor64& x, std::int64_t heads) {
  Tensor64 out({x.dim(0), heads, x.dim(1), x.dim(2) / heads});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t i = 0; i < x.dim(1); ++i)
      for (std::int64_t c = 0; c < x.dim(2); ++c) out.at(b, c % heads, i, c / heads) = x.at(b, i, c);
  return out;
}
inline Tensor64 merge_interleaved(const Tensor64& x) {
  const std::int64_t heads = x.dim(1);
  Tensor64 out({x.dim(0), x.dim(2), heads * x.dim(3)});
  for (std::int64_t b = 0; b < out.dim(0); ++b)
    for (std::int64_t i = 0; i < out.dim(1); ++i)
      for (std::int64_t c = 0; c < out.dim(2); ++c) out.at(b, i, c) = x.at(b, c % heads, i, c / heads);
  return out;
}

/// Every batch with the numbers of batch 0.
template <class T>
TensorOf<T> first_batch_only(const TensorOf<T>& x) {
  TensorOf<T> result = x;
  const std::int64_t size = x.dim(0) > 0 ? x.size() / x.dim(0) : 1;
  for (std::int64_t i = 0; i < x.size(); ++i) result.data()[i] = x.data()[i % size];
  return result;
}

/// Head 0 in the place of every head.
inline Tensor64 first_head_only(const Tensor64& x) {
  Tensor64 result = x;
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 1; h < x.dim(1); ++h) result.matrix(b, h) = x.matrix(b, 0);
  return result;
}

/// Matches split_heads(x, heads).
inline Matches is_split(const Tensor& x, std::int64_t heads) {
  const Tensor64 exact_x = to_double(x);
  return matches(oracle::split_heads(exact_x, heads), exact())
      .but_not(
          [=] { return split_by_shape(exact_x, heads); },
          "the numbers stand where they stood, under another shape. In memory, row 0 of all heads comes before row "
          "1 of any head; after splitting, all rows of head 0 come before head 1: they have to be moved")
      .but_not([=] { return split_interleaved(exact_x, heads); },
               "head h holds channels h, h + heads, h + 2 heads, ...: a head is head_dim neighbours, from channel h * "
               "head_dim on")
      .but_not([=] { return oracle::split_heads(first_batch_only(exact_x), heads); },
               "every batch holds the numbers of batch 0");
}

/// Matches merge_heads(x).
inline Matches is_merged(const Tensor& x) {
  const Tensor64 exact_x = to_double(x);
  return matches(oracle::merge_heads(exact_x), exact())
      .but_not([=] { return merge_by_shape(exact_x); },
               "the numbers stand where they stood, under another shape: row 0 is then rows 0, 1, 2, ... of head 0. It "
               "should be row 0 of head 0, row 0 of head 1, ...")
      .but_not([=] { return merge_interleaved(exact_x); },
               "the heads' channels take turns: a head's head_dim channels stay neighbours")
      .but_not([=] { return oracle::merge_heads(first_batch_only(exact_x)); },
               "every batch holds the numbers of batch 0");
}

/// Matches a call that refuses to cut `width` channels into so many heads.
inline Refused refuses_to_cut(std::int64_t width, int heads) {
  return is_refused(
      std::to_string(width) + " channels cannot be cut into " + std::to_string(heads) + " heads of equal size", width,
      heads);
}

}  // namespace workbook::multi_head
