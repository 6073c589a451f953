// Tile walk of flash attention: tiles of the score matrix one after the other, their workspace and their traffic.
"use strict";

{
  const head_dim = 64, bytes = 4;

  function compute(state) {
    const {seq, block_q, block_kv} = state, tiles = seenTiles(state);
    const all = Math.ceil(seq / block_q) * Math.ceil(seq / block_kv);
    // Queries are read and outputs written once; keys and values are read for every tile.
    const elements = 2 * seq * head_dim + tiles.reduce((sum, tile) => sum + 2 * tile.cols * head_dim, 0);
    return {
      tiles: tiles.length,
      skipped: all - tiles.length,
      workspace: bytes * block_q * (block_kv + head_dim + 2), // scores, output, m and l
      unfused_workspace: bytes * seq * seq,
      traffic: bytes * elements,
      unfused_traffic: bytes * (4 * seq * head_dim + 4 * seq * seq),
    };
  }

  interactive.figures.tile_walk = {
    title: "Tile walk of flash attention",
    hint: "The score matrix of one head, head_dim 64, float32. Only the dark tile exists at any time. Larger tiles cost "
      + "workspace and save traffic.",
    height: 400,
    controls: [
      {name: "seq", label: "queries and keys", min: 8, max: 96, value: 64},
      {name: "block_q", label: "rows of a tile", min: 4, max: s => s.seq, value: 16},
      {name: "block_kv", label: "columns of a tile", min: 4, max: s => s.seq, value: 16},
      {name: "causal", label: "causal", checked: true},
      {name: "step", label: "tile", min: 1, max: s => seenTiles(s).length, value: 6},
    ],
    outputs: [["tiles", "tiles computed"], ["skipped", "tiles skipped"], ["workspace", "bytes of workspace"],
      ["unfused_workspace", "... unfused"], ["traffic", "bytes of traffic"], ["unfused_traffic", "... unfused"]],
    compute,
    draw(svg, state) {
      const scale = 340 / state.seq, left = 180, top = 30;
      shape(svg, "rect", {x: left, y: top, width: 340, height: 340, class: "cell hidden"});
      seenTiles(state).forEach((tile, n) => {
        const mark = n + 1 === state.step ? "now" : n + 1 < state.step ? "seen" : "unseen";
        shape(svg, "rect", {x: left + scale * tile.j, y: top + scale * tile.i, width: scale * tile.cols - 1,
          height: scale * tile.rows - 1, class: "tile " + mark});
      });
      if (state.causal) shape(svg, "line", {x1: left, y1: top, x2: left + 340, y2: top + 340, class: "level"});
      shape(svg, "text", {x: left, y: 18}, "keys →");
      shape(svg, "text", {x: left - 12, y: top + 16, class: "end"}, "queries ↓");
    },
  };
}
