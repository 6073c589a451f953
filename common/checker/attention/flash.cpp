#include "common/checker/attention/flash.h"

namespace workbook::attention_tests {

namespace {

constexpr const char* kInsideTile =
    "the mask was applied to places inside the tile: add where the tile begins, in queries and in keys";

}  // namespace

Matches attends_in_tiles(const Inputs& in, const Tiles& o) {
  return matches_attention(in, formula(in, o.mask)).knowing([in, o](Matches right) {
    return but_not_another_walk_over_tiles(std::move(right), in, o);
  });
}

Matches but_not_another_walk_over_tiles(Matches matcher, const Inputs& in, const Tiles& o) {
  const auto walk = [in, o](bool Slip::*which, Reach reach = Reach::all_keys) {
    return [in, o, which, reach] {
      Slip slip{.reach = reach};
      slip.*which = true;
      return tile_walk(in, o, slip);
    };
  };
  const oracle::Attention right = formula(in, o.mask);
  // Where nothing is left, the result is zeros, which have many causes.
  const auto walk_whole = [=](bool Slip::*which, bool any_left) {
    return [=] { return any_left ? walk(which)() : Tensor64(); };
  };
  const bool whole_keys = in.kv_len() >= o.kv_tile, whole_queries = in.q_len() >= o.q_tile;
  Matches result =
      std::move(matcher)
          .but_not(walk(&Slip::output_not_rescaled),
                   "the sum was rescaled when a maximum grew, the output was not: what it has summed up so far is "
                   "relative to the old maximum, too")
          .but_not(walk(&Slip::sum_not_rescaled),
                   "the output was rescaled when a maximum grew, the sum was not: both are sums over exp(score - max)")
          .but_not(walk(&Slip::nothing_rescaled),
                   "nothing was rescaled when a maximum grew: sum and output so far are relative to the old maximum, "
                   "and shrink by exp(old - new)")
          .but_not(walk(&Slip::softmax_of_each_tile),
                   "every tile has had a softmax of its own, and the results were added. The weights of one tile add "
                   "up to 1, so a query's weights add up to the number of tiles: divide by the sum over all of its "
                   "tiles, at the end")
          .but_not(walk(&Slip::divided_after_each_tile),
                   "the output was divided by the sum so far after every tile, then went on being added to. Divide "
                   "once, after the last tile of keys")
          .but_not(walk_whole(&Slip::last_keys_dropped, o.mask == Mask::none && whole_keys),
                   "the last keys are missing: when kv_tile does not divide kv_len, the last tile is narrower")
          .but_not(walk_whole(&Slip::last_queries_dropped, o.mask == Mask::none && whole_queries),
                   "the last queries are missing: when q_tile does not divide q_len, the last tile is shorter")
          .but_not(walk_whole(&Slip::cut_tiles_skipped, whole_keys),
                   "a tile was skipped that some of its queries see. Only a tile that begins after the last key of the "
                   "*last* query is hidden as a whole; one that the mask cuts through must be visited and masked")
          .but_not(walk(&Slip::first_query_decides),
                   "all queries of a tile see only what its first one sees. The loop over keys ends after the last "
                   "key of the *last* query; what the others do not see of it is masked")
          .but_not(walk(&Slip::previous_tile_goes_on),
                   "maximum and sum of the previous tile of queries went on into the next: every query begins with "
                   "max -inf and sum 0")
          .but_not(walk(&Slip::previous_head_goes_on),
                   "maximum and sum of a query went on from one head to the next: in every head, every query begins "
                   "with max -inf and sum 0")
          .but_not(walk(&Slip::factor_inverted),
                   "when a maximum grew, sum and output were multiplied by exp(new - old): they shrink, by exp(old - "
                   "new)")
          .but_not(walk(&Slip::last_tile_only),
                   "only the last tile of keys that a query sees is in its result: maximum, sum and output go on from "
                   "tile to tile of keys")
          .but_not(walk(&Slip::first_tile_only), "only the first tile of keys is in the result")
          .but_not(walk(&Slip::only_new_max),
                   "each tile took off its own maximum, and the sums were added as they are: sums that are relative to "
                   "different maxima must be rescaled before they are added");
  for (const Reach reach : {Reach::all_keys, Reach::whole_tiles, Reach::visible_keys})
    for (bool Slip::*which : {&Slip::mask_inside_tile, &Slip::keys_inside_tile})
      std::move(result).but_not(walk(which, reach), kInsideTile);
  for (const Reach reach : {Reach::all_keys, Reach::whole_tiles, Reach::visible_keys})
    std::move(result).but_not(walk(&Slip::blind_keep_scores, reach),
                              "where a query sees nothing of a tile, its scores remain, and are multiplied with the "
                              "values: its weights there are 0");
  for (const Reach reach : {Reach::all_keys, Reach::whole_tiles, Reach::visible_keys})
    std::move(result).but_not(
        walk(&Slip::hidden_in_max, reach),
        "the maximum of a tile was taken over all its keys, also those that the mask hides: if a hidden score is far "
        "larger than the others, all weights underflow");
  return but_not_another_formula(std::move(result), in, right);
}

}  // namespace workbook::attention_tests
