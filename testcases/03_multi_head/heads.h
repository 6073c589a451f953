#pragma once
/// Channels that are cut into heads, and heads that are put together.

#include "common/checker/attention/layer.h"
#include "common/checker/student.h"

namespace workbook::multi_head {

using namespace attention_tests;

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
