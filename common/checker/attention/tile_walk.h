#pragma once
/// Attention tile by tile in double, with any one idea wrong.

#include "common/checker/attention/inputs.h"
#include "common/checker/attention/row_walk.h"

namespace workbook::attention_tests {

/// What is walked over. Tiles may have any size from 1 on.
struct Tiles {
  Mask mask = Mask::none;
  int q_tile = 1, kv_tile = 1;
};

/// How far a tile of queries walks if the mask is causal.
enum class Reach {
  all_keys,      ///< over all tiles
  whole_tiles,   ///< over the tiles that its last query sees
  visible_keys,  ///< the same, and the last tile ends where that query's keys end
};

/// One idea wrong in the walk over tiles; all false is right.
struct Slip {
  Reach reach = Reach::all_keys;
  bool output_not_rescaled = false;
  bool sum_not_rescaled = false;
  bool nothing_rescaled = false;
  bool softmax_of_each_tile = false;
  bool divided_after_each_tile = false;
  bool last_keys_dropped = false;
  bool last_queries_dropped = false;
  bool cut_tiles_skipped = false;      ///< a tile that only some of its queries see is not visited
  bool first_query_decides = false;    ///< all queries of a tile see what its first one sees
  bool mask_inside_tile = false;       ///< positions counted from the tile's corner
  bool keys_inside_tile = false;       ///< the same for keys only
  bool previous_tile_goes_on = false;  ///< maximum and sum are not reset for the next tile of queries
  bool previous_head_goes_on = false;  ///< maximum and sum of a query are those of the same query in the head before
  bool hidden_in_max = false;          ///< the maximum of a tile is taken over hidden keys, too
  bool factor_inverted = false;        ///< rescaled by exp(new - old)
  bool last_tile_only = false;         ///< maximum, sum and output begin anew in every tile of keys
  bool first_tile_only = false;        ///< later tiles of keys are not visited
  bool blind_keep_scores = false;      ///< a query that sees nothing of a tile adds values times scores
  bool only_new_max = false;           ///< the maximum of a tile replaces the one so far, and nothing is rescaled
};

/// The walk over tiles of this size.
Tensor64 tile_walk(const Inputs& in, const Tiles& o, const Slip& slip);

/// Bytes of keys, or of values, in the tiles that some query sees.
std::int64_t bytes_of_tiles(const Inputs& in, const Tiles& o);

}  // namespace workbook::attention_tests
