#pragma once
/// What attention is mistaken for, whatever form it takes. Each function adds mistakes that people make to a matcher,
/// and the words for them. The first that fits is told: add what is special to a lesson before.
///
///     but_not_another_mask(matches(right, tolerance), Mask::causal, q_len, kv_len,
///                          [=](const oracle::Visible& visible) { return my_attention(in, visible); })

#include <functional>
#include <optional>

#include "common/checker/attention/row_walk.h"
#include "common/checker/matchers.h"

namespace workbook::attention_tests {

/// Computes the result under another mask; an empty one hides nothing.
using WithMask = std::function<Tensor64(const oracle::Visible& visible)>;
/// Computes the result with another factor on q k^T.
using WithScale = std::function<Tensor64(double scale)>;
/// Computes the result with one idea wrong.
using WithSlip = std::function<Tensor64(const RowSlip& slip)>;

/// Knows causal masks that are missing, aligned at the start, or off by one; and those that are there although `mask`
/// is none.
Matches but_not_another_mask(Matches right, Mask mask, std::int64_t q_len, std::int64_t kv_len, const WithMask& make);

/// Knows scales other than the given one.
Matches but_not_the_given_scale(Matches right, double given, double usual, const WithScale& make);

/// Knows scales other than the given one, or than 1 / sqrt(head_dim) if none is given.
Matches but_not_another_scale(Matches right, std::optional<double> given, std::int64_t head_dim, std::int64_t heads,
                              const WithScale& make);

/// Knows operands that are those of an earlier call. `make` computes the result of these inputs.
template <class In, class Make>
Matches but_not_of_an_earlier_call(Matches right, const In& now, const In& earlier, Make make) {
  const auto with = [=](auto change) {
    return [=] {
      In mixed = now;
      change(mixed, earlier);
      return make(mixed);
    };
  };
  const std::string rule = ": nothing may be kept from one call to the next, not even for inputs of the same shape";
  return std::move(right)
      .but_not(with([](In& in, const In& old) { in = old; }), "this is the result of the call before" + rule)
      .but_not(with([](In& in, const In& old) { in.k = old.k, in.v = old.v; }),
               "keys and values are those of the call before" + rule)
      .but_not(with([](In& in, const In& old) { in.k = old.k; }), "the keys are those of the call before" + rule)
      .but_not(with([](In& in, const In& old) { in.v = old.v; }), "the values are those of the call before" + rule)
      .but_not(with([](In& in, const In& old) { in.q = old.q; }), "the queries are those of the call before" + rule)
      .but_not(with([](In& in, const In& old) { in.q = old.q, in.k = old.k; }),
               "the scores are those of the call before" + rule);
}

/// Knows powers of two in the place of powers of e, a scale that is applied twice, and scales of other dimensions.
Matches but_not_another_base(Matches right, double scale, std::int64_t head_dim, std::int64_t q_len,
                             std::int64_t kv_len, const WithScale& make);

/// Knows a softmax along another axis or with sums that are not cleared, and operands that have changed places.
Matches but_not_another_walk(Matches right, const WithSlip& make);

/// Knows rows whose softmax goes wrong: those of queries that see no key, and those of large scores.
Matches but_not_another_row(Matches right, const WithSlip& make);

/// Knows finite numbers in the place of -inf: for hidden keys, and where the search for the largest score begins.
Matches but_not_a_sentinel(Matches right, const WithSlip& make);

/// Knows results of the first keys, channels or rows only, as of buffers of a fixed size and of loops in fours.
Matches but_not_cut_off(Matches right, std::int64_t q_len, std::int64_t kv_len, std::int64_t head_dim,
                        const WithSlip& make);

/// Knows results that are NaN. @pre nothing that a query sees is NaN
Matches but_not_nan(Matches right);

}  // namespace workbook::attention_tests
