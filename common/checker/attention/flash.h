#pragma once
/// What attention tile by tile should return, and how a walk over tiles goes wrong.

#include "common/checker/attention/attends.h"
#include "common/checker/attention/tile_walk.h"

namespace workbook::attention_tests {

Matches attends_in_tiles(const Inputs& in, const Tiles& o);

}  // namespace workbook::attention_tests
