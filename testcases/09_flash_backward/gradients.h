#pragma once
/// What gradients of attention should be, and the words for what people get wrong in them.

#include <memory>

#include "common/checker/student.h"
#include "definition.h"

namespace workbook::flash_backward {

/// A wrong idea about the backward pass and the words for it.
struct Idea {
  std::function<void(Slip&)> change;
  std::string sentence;
};

/// Ideas about the softmax and its Jacobian.
inline std::vector<Idea> softmax_ideas() {
  const std::string jacobian =
      "A larger score makes its own weight larger and all other weights of its row smaller: ds = p (dp - D), where D "
      "is "
      "the row's sum of p dp";
  const std::string left_out = "the softmax was left out on the way back, and dp was taken for ds. " + jacobian;
  const std::string no_p = "ds is dp - D here: it is p times that, and a weight of 0 has ds 0";
  return {
      {[](Slip& s) { s.p_missing = true, s.mean = Mean::zero; }, left_out},
      {[](Slip& s) { s.p_missing = s.hidden_too = true, s.mean = Mean::zero; }, left_out},
      {[](Slip& s) { s.mean = Mean::zero; },
       "ds is p dp here: what the others of the row lose is missing. " + jacobian},
      {[](Slip& s) { s.p_missing = true; }, no_p},
      {[](Slip& s) { s.p_missing = s.hidden_too = true; }, no_p},
      {[](Slip& s) { s.diagonal_only = true; },
       "ds is p (1 - p) dp here: this is a score's effect on its own weight alone. " + jacobian},
      {[](Slip& s) { s.mean = Mean::negative; }, "the sum D was added to dp: it is taken off. " + jacobian},
      {[](Slip& s) { s.mean = Mean::unweighted; },
       "the sum of dp was taken off dp: each dp of the sum is weighted by p"},
      {[](Slip& s) { s.mean = Mean::of_tile; },
       "D was summed over the keys of one tile: it is a sum over all keys of the row, and d_output times output gives "
       "it "
       "at once"},
      {[](Slip& s) { s.values_by_ds = true; }, "dv was made with ds: values were weighted by p, so dv = p^T d_output"}};
}

/// Ideas about scales and about the weights that are computed again.
inline std::vector<Idea> weight_ideas(double root) {
  const std::string hidden =
      "hidden keys have weights: the mask belongs to the scores that are computed again, too. lse alone hides nothing";
  return {
      {[=](Slip& s) { s.dq_scale = root; },
       "dq is not scaled: scores were multiplied by 1 / sqrt(head_dim), so dq = ds k / sqrt(head_dim)"},
      {[=](Slip& s) { s.dk_scale = root; },
       "dk is not scaled: scores were multiplied by 1 / sqrt(head_dim), so dk = ds^T q / sqrt(head_dim)"},
      {[=](Slip& s) { s.dq_scale = 1 / root; }, "dq is scaled twice: 1 / sqrt(head_dim) belongs to it once"},
      {[=](Slip& s) { s.dk_scale = 1 / root; }, "dk is scaled twice: 1 / sqrt(head_dim) belongs to it once"},
      {[=](Slip& s) { s.score_scale = root; },
       "the weights were computed again from scores that are not scaled: lse is that of q k^T / sqrt(head_dim)"},
      {[](Slip& s) { s.lse_ignored = true; },
       "the weights are exp(score), without lse: p = exp(score - lse), which makes each row's weights add up to 1"},
      {[](Slip& s) { s.powers_of_two = true; }, "the weights are powers of 2: lse belongs to exp, not to exp2"},
      {[](Slip& s) { s.sight = Sight::all; }, hidden},
      {[](Slip& s) { s.sight = Sight::until_end; }, hidden},
      {[](Slip& s) { s.sight = Sight::from_start; },
       "the causal mask is aligned at the start: query 0 stands at position kv_len - q_len, as in the forward pass"},
      {[](Slip& s) { s.sight = Sight::one_less; }, "the mask hides one key too many: a query sees its own position"},
      {[](Slip& s) { s.sight = Sight::one_more; }, "the mask shows one key too many"},
      {[](Slip& s) { s.sight = Sight::inside_tile; },
       "the mask was applied to places inside the tile: add where the tile begins, in queries and in keys"},
      {[](Slip& s) { s.sight = Sight::as_first; },
       "all queries of a tile see only what its first one sees: the loop over keys ends after the last key of the "
       "*last* "
       "query, and each row is masked for itself"},
      {[](Slip& s) { s.sight = Sight::whole_tiles; },
       "tiles that the mask cuts through were left out: only those that no query of the tile sees may be"}};
}

/// Ideas about which sums a product is added to.
inline std::vector<Idea> sum_ideas(std::int64_t kv_heads) {
  const std::string group = "a KV head serves all query heads of its group, so its gradients are sums over them";
  return {
      {[](Slip& s) { s.heads = Heads::last; }, "only the last query head of each group is in this gradient: " + group},
      {[](Slip& s) { s.heads = Heads::first; },
       "only the first query head of each group is in this gradient: " + group},
      {[](Slip& s) { s.heads = Heads::average; },
       "this gradient is a mean over the query heads of a group: it is their sum"},
      {[](Slip& s) { s.dq_of_last_tile = true; },
       "dq holds what the last tile of keys contributes: every tile adds to the rows of dq, none overwrites them"},
      {[](Slip& s) { s.dk_of_last_tile = true; },
       "dk holds what the last tile of queries contributes: every tile adds to the rows of dk, none overwrites them"},
      {[](Slip& s) { s.dv_of_last_tile = true; },
       "dv holds what the last tile of queries contributes: every tile adds to the rows of dv, none overwrites them"},
      {[](Slip& s) { s.last_queries_dropped = true; },
       "the last queries take no part: when q_tile does not divide q_len, the last tile is shorter"},
      {[](Slip& s) { s.last_keys_dropped = true; },
       "the last keys take no part: when kv_tile does not divide kv_len, the last tile is narrower"},
      {[=](Slip& s) { s.kv_head = [=](std::int64_t h) { return h % kv_heads; }; },
       "query head h reads KV head h % kv_heads: neighbours share, so it is h / (heads / kv_heads)"},
      {[](Slip& s) { s.kv_head = [](std::int64_t) { return std::int64_t{0}; }; },
       "every query head reads KV head 0: it is h / (heads / kv_heads)"},
      {[](Slip& s) { s.batch_0 = true; },
       "every sequence reads the keys and values of sequence 0, and adds to its gradients"},
      {[](Slip& s) { s.swapped = true; }, "dk and dv are exchanged"},
      {[](Slip& s) { s.dq_scale = s.dk_scale = s.dv_scale = -1; }, "this gradient has the wrong sign"}};
}

/// Ideas about dropout on the way back.
inline std::vector<Idea> drop_ideas_back(const Step& step, const Tiles& tiles) {
  std::vector<Idea> ideas{
      {[](Slip& s) { s.drops.dropped_p = true; },
       "ds was made with the weights after dropout: ds = p (dp - D) with the p of the softmax. A weight that was "
       "dropped "
       "still took its share of the sum, so its score still matters"},
      {[](Slip& s) { s.drops.after = true; },
       "the factor was applied to ds: it belongs to dp, before D is taken off. The score of a dropped weight still "
       "moves "
       "the others"},
      {[](Slip& s) { s.drops.ds_lost = true; },
       "ds is 0 where a weight was dropped: it is -p D there. The weight met no value, but it took its share of the "
       "row's sum, and with a smaller score it would leave more to the others"},
      {[](Slip& s) { s.drops.weights.nothing_dropped = true; },
       "dP lacks the factor of its weight, whether dv has it or not: dP = f (d_output v^T), before D is taken off"},
      {[](Slip& s) { s.mean = Mean::undropped; },
       "D is the sum of p times d_output v, without dropout: dp has the factor of its weight, and so has each term of "
       "D. "
       "d_output times output, the output after dropout, gives it at once"},
      {[](Slip& s) { s.mean = Mean::dropped_twice; },
       "D was summed with the weights after dropout: dp has the factor already, so D = sum of p dp with the p of the "
       "softmax, which is d_output times output"}};
  for (const DropIdea& idea : drop_ideas(step.dropout, tiles, step.n_rep())) {
    ideas.push_back({[=](Slip& s) { s.drops.values = s.drops.weights = idea.slip; }, idea.sentence});
    ideas.push_back({[=](Slip& s) { s.drops.values = idea.slip; }, "in dv: " + idea.sentence});
    ideas.push_back({[=](Slip& s) { s.drops.weights = idea.slip; }, "in dp: " + idea.sentence});
  }
  return ideas;
}

/// All of them, those of dropout first where there is dropout.
inline std::vector<Idea> ideas_of(const Step& step, const Tiles& tiles) {
  std::vector<Idea> all;
  const double root = std::sqrt(static_cast<double>(step.in.q.dim(3)));
  for (auto&& some : {step.dropout.p > 0 ? drop_ideas_back(step, tiles) : std::vector<Idea>{}, softmax_ideas(),
                      weight_ideas(root), sum_ideas(step.in.k.dim(1))})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

/// Matches one of the gradients of this step. It knows the ideas that change just this one or all of them.
inline Matches is_gradient(const Step& step, const Tiles& tiles, Tensor64 AttentionGradients::*which,
                           const Tensor64& exact, const Tolerance& tolerance) {
  Matches result = matches(exact, tolerance);
  const auto shared = std::make_shared<const Step>(step);
  for (const Idea& idea : ideas_of(step, tiles))
    std::move(result).but_not(
        [=] {
          Slip slip;
          idea.change(slip);
          return gradients(*shared, tiles, slip).*which;
        },
        idea.sentence);
  return std::move(result)
      .but_not([=] { return Tensor64(exact.shape()); }, "all elements are 0")
      .but_if(
          [](const Tensor64& x) {
            return std::ranges::any_of(x.values(), [](double value) { return !std::isfinite(value); });
          },
          "there are infinities or NaNs. Is exp(score - lse) taken for a query that sees no key? Its lse is -inf. "
          "Its weights are 0, and a causal mask hides the same keys as in the forward pass: query i sees the first i + "
          "1 "
          "+ kv_len - q_len");
}

/// Checks all gradients of a call. With `ideas`, it knows what people get wrong; that takes time for large inputs.
inline void check_gradients(const Gradients& got, const Step& step, const Tiles& tiles, bool ideas = true) {
  const auto formula = step.formula();
  const auto exact = oracle::attention_backward(step.in.q, step.in.k, step.in.v, step.outputs.d_output, formula);
  const auto limits =
      oracle::attention_backward_rounding(step.in.q, step.in.k, step.in.v, step.outputs.d_output, formula, exact);
  const auto check = [&](const char* name, const Tensor& gradient, Tensor64 AttentionGradients::*which,
                         const Tolerance& limit) {
    INFO(name);
    CHECK_THAT(gradient, ideas ? is_gradient(step, tiles, which, exact.*which, limit) : matches(exact.*which, limit));
  };
  check("This is dv.", got.dv, &AttentionGradients::dv, limits.dv);
  check("This is dq.", got.dq, &AttentionGradients::dq, limits.dq);
  check("This is dk.", got.dk, &AttentionGradients::dk, limits.dk);
}

}  // namespace workbook::flash_backward
