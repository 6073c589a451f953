#pragma once
/// Flash attention whose rows are shared by some lanes of a warp, and what comes out if those lanes do not agree.

#include <functional>
#include <string>

#include "common/checker/attention/inputs.h"
#include "common/checker/matchers.h"

namespace workbook::attention_tests {

/// What each lane of a row has. A key's place in its tile, or a channel, decides the lane, 0 <= lane < `lanes`.
struct SharedRow {
  int lanes = 1;
  std::string lanes_in_words;  ///< "eight"
  int kv_tile = 1;
  std::function<int(int key)> lane_of_key;
  std::function<int(int channel)> lane_of_channel;  ///< of the output
};

/// Knows lanes that go by maxima or sums of their own, and sums that are counted again for every tile.
Matches but_not_lanes_that_disagree(Matches right, const Inputs& in, Mask mask, const SharedRow& shared);

}  // namespace workbook::attention_tests
