#pragma once
/// Calls of the flash backward passes, and what they may read.

#include "common/checker/attention/tile_walk.h"
#include "gradients.h"

namespace workbook::flash_backward {

inline Tiles tiles_of(const Options& o) { return {o.mask, o.q_tile, o.kv_tile}; }

inline Gradients call_unfused(const Step& step) {
  return student<attention_backward>(step.in.q, step.in.k, step.in.v, step.p, step.outputs.d_output);
}

inline Gradients call_flash(const Step& step, int q_tile, int kv_tile) {
  return student<flash_backward>(step.in.q, step.in.k, step.in.v, step.outputs, {step.mask, q_tile, kv_tile});
}

inline Gradients call_dropout(const Step& step, int q_tile, int kv_tile) {
  return student<flash_backward_dropout>(step.in.q, step.in.k, step.in.v, step.outputs, {step.mask, q_tile, kv_tile},
                                         step.dropout);
}

/// A call without tiles: all queries meet all keys.
inline Tiles one_tile(const Step& step) {
  return {step.mask, static_cast<int>(std::max<std::int64_t>(1, step.in.q_len())),
          static_cast<int>(std::max<std::int64_t>(1, step.in.kv_len()))};
}

/// Checks that no more of an argument was read than `products` products of the tiles that somebody sees, or copies of
/// these tiles, read. @returns the number of tiles read
inline std::int64_t check_tiles_read(const Step& step, const Tensor& argument, const std::string& what, int products,
                                     const Tiles& tiles) {
  if (session().stopped()) return 0;
  const auto read = static_cast<std::int64_t>(evidence().bytes_read(argument).value_or(0));
  const std::int64_t all = attention_tests::bytes_of_tiles(step.in, {Mask::none, tiles.q_tile, tiles.kv_tile});
  const std::int64_t seen = attention_tests::bytes_of_tiles(step.in, tiles);
  const std::int64_t readers = read <= products * all / tiles.q_tile ? tiles.q_tile : 1;  // a copy serves a whole tile
  CHECK_THAT(
      evidence(),
      reads_at_most(argument, static_cast<double>(products * seen / readers),
                    "the " + what + " of the tiles that are seen, once for each query that meets them and each of " +
                        std::to_string(products) + " products")
          .but_not(static_cast<double>(products * all / readers),
                   "all tiles were computed, also those in which no query sees a key: end the loop over keys after "
                   "the last key of the tile's last query")
          .but_if([=](double bytes) { return bytes > static_cast<double>(products * seen / readers); },
                  "are there tiles in which no query sees a key, and were they computed, too?"));
  const std::int64_t tile = std::int64_t{tiles.q_tile} * tiles.kv_tile * step.in.q.dim(3) * 4;
  return read * readers / (tile * products);
}

}  // namespace workbook::flash_backward
