// One tile of the flash backward pass: the rows that it reads, the rows of gradients that it adds to, and what is kept.
"use strict";

{
  const head_dim = 64, bytes = 4;

  function compute(state) {
    const {seq, block_q, block_kv, step} = state, tiles = seenTiles(state), now = tiles[step - 1];
    return {
      tiles: tiles.length,
      skipped: Math.ceil(seq / block_q) * Math.ceil(seq / block_kv) - tiles.length,
      products: 5 * tiles.length,
      to_dq: tiles.filter(tile => tile.i === now.i).length,
      to_dk: tiles.filter(tile => tile.j === now.j).length,
      kept: bytes * seq * (head_dim + 1),
      unfused_kept: bytes * seq * seq,
    };
  }

  interactive.figures.backward_tiles = {
    title: "Tiles of the backward pass",
    hint: "One head, head_dim 64, float32. The dark tile reads the blue rows, computes its weights again, and adds to the "
      + "orange rows. A row of a gradient is finished when all of its tiles have added to it.",
    height: 430,
    controls: [
      {name: "seq", label: "queries and keys", min: 8, max: 128, value: 96},
      {name: "block_q", label: "rows of a tile", min: 4, max: s => s.seq, value: 16},
      {name: "block_kv", label: "columns of a tile", min: 4, max: s => s.seq, value: 8},
      {name: "causal", label: "causal", checked: true},
      {name: "step", label: "tile", min: 1, max: s => seenTiles(s).length, value: 9},
    ],
    outputs: [["tiles", "tiles computed"], ["skipped", "tiles skipped"], ["products", "products of tiles"],
      ["to_dq", "tiles that add to these rows of dq"], ["to_dk", "tiles that add to these rows of dk and dv"],
      ["kept", "bytes kept: output and lse"], ["unfused_kept", "... unfused: weights"]],
    compute,
    draw(svg, state) {
      const side = 280, scale = side / state.seq, left = 210, top = 70, strip = 14, pitch = 22;
      const tiles = seenTiles(state), now = tiles[state.step - 1];
      shape(svg, "rect", {x: left, y: top, width: side, height: side, class: "cell hidden"});
      tiles.forEach((tile, n) => shape(svg, "rect", {x: left + scale * tile.j, y: top + scale * tile.i,
        width: scale * tile.cols - 1, height: scale * tile.rows - 1,
        class: "tile " + (n + 1 === state.step ? "now" : n + 1 < state.step ? "seen" : "unseen")}));

      const beside = (x, name, mark) => {
        shape(svg, "rect", {x, y: top, width: strip, height: side, class: "hidden"});
        shape(svg, "rect", {x, y: top + scale * now.i, width: strip, height: scale * now.rows, class: mark});
        shape(svg, "text", {x: x + strip / 2, y: top - 8, class: "middle"}, name);
      };
      const across = (y, name, mark) => {
        shape(svg, "rect", {x: left, y, width: side, height: strip, class: "hidden"});
        shape(svg, "rect", {x: left + scale * now.j, y, width: scale * now.cols, height: strip, class: mark});
        shape(svg, "text", {x: left + side + 8, y: y + strip - 2}, name);
      };
      ["lse", "do", "o", "q"].forEach((name, n) => beside(left - 40 - 36 * n, name, "read group"));
      beside(left + side + 40, "dq", "added");
      across(top - 2 * pitch - 6, "k", "read group");
      across(top - pitch - 6, "v", "read group");
      across(top + side + 12, "dk", "added");
      across(top + side + 12 + pitch, "dv", "added");
    },
  };
}
