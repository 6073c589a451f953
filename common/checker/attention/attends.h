#pragma once
/// What attention should return, whoever computes it, and what comes out when somebody has one idea wrong.

#include "common/checker/attention/inputs.h"
#include "common/checker/attention/suspicions.h"
#include "common/oracle/attention_scores.h"

namespace workbook::attention_tests {

/// Attention with something changed in its formula: a function of the change.
inline auto changes_of_attention(const Inputs& in, const oracle::Attention& right) {
  return changes_of(right, [in](const oracle::Attention& a) { return oracle::attention(in.q, in.k, in.v, a); });
}

/// Products in the scores of inputs that are small enough for dozens of suspicions, each a walk over all of them.
inline constexpr std::int64_t kAffordable = 1 << 20;

/// Attention with one idea wrong: a function of the idea.
WithSlip slips_of_attention(const Inputs& in, const oracle::Attention& right);

/// Knows query heads that read another head, or another sequence, than theirs.
Matches but_not_another_head(Matches matcher, const Inputs& in, const oracle::Attention& right);

/// Knows the mistakes that have nothing to do with tiles or states: the right formula with one argument changed.
Matches but_not_another_formula(Matches matcher, const Inputs& in, const oracle::Attention& right);

/// Matches the attention of these inputs. It knows no mistakes.
Matches matches_attention(const Inputs& in, const oracle::Attention& right);

/// Matches rows that are values, bit by bit, because their queries see one key only.
Matches are_values(const Tensor64& values);

/// The values that the first query of each head sees under a causal mask: [batch, heads, 1, value_dim].
Tensor64 first_values(const Inputs& in);

/// The row of the first query of each head, [batch, heads, 1, value_dim]; nothing of a tensor of another shape.
Tensor first_rows(const Tensor& got);

/// Matches the attention of these inputs after a call with others of the same shape, and knows what may survive a call.
Matches attends_after(const Inputs& earlier, const Inputs& in, const oracle::Attention& right);

/// Matches the attention of these inputs, and knows the mistakes that people make.
Matches attends(const Inputs& in, const oracle::Attention& right);
inline Matches attends(const Inputs& in, Mask mask) { return attends(in, formula(in, mask)); }

}  // namespace workbook::attention_tests
