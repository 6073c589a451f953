#pragma once
/// What attention tile by tile should return, and how a walk over tiles goes wrong.

#include "common/checker/attention/attends.h"
#include "common/checker/attention/tile_walk.h"

namespace workbook::attention_tests {

/// Matches the attention of these inputs, and knows how a walk over tiles of this size goes wrong.
Matches attends_in_tiles(const Inputs& in, const Tiles& o);

/// Knows the same, for another matcher.
Matches but_not_another_walk_over_tiles(Matches matcher, const Inputs& in, const Tiles& o);

}  // namespace workbook::attention_tests
