// Thread walk of flash attention on a GPU: what one thread of a block has, what its warp reads, what has been loaded.
"use strict";

{
  const tile = 32, bytes = 4, warp = 32;
  const query_of = (thread, r) => 16 * Math.floor(thread / warp) + Math.floor(thread % warp / 8) + 4 * r;
  const key_of = (thread, j) => thread % 8 + 8 * j;
  const tiles = n => Math.ceil(n / tile);
  const float4s = ({head_dim}) => Math.ceil(head_dim / 4);

  /// Keys that the block's last query sees, and those that one query sees.
  const seenBy = ({seq, causal}, query) => causal ? query + 1 : seq;
  const keysOf = (state, block) => seenBy(state, Math.min(tile * block, state.seq) - 1);
  const steps = state => tiles(keysOf(state, state.block));

  /// The most lanes of eight that want the same group of four banks, reading one column of rows 0 to 7.
  function passes(pitch) {
    const lanes = Array(8).fill(0);
    for (let row = 0; row < 8; ++row) ++lanes[row * pitch % 8];
    return Math.max(...lanes);
  }

  function compute(state) {
    const {seq, head_dim, block, step, thread} = state, pitch = float4s(state) + state.pad;
    const row = 2 * head_dim * bytes; // a key and its value
    let scores = 0;
    for (let r = 0; r < 4; ++r)
      for (let j = 0; j < 4; ++j) {
        const query = tile * (block - 1) + query_of(thread, r), key = tile * (step - 1) + key_of(thread, j);
        scores += query < seq && key < seenBy(state, Math.min(query, seq - 1));
      }
    let all = 0, before = 0, rows = 0;
    for (let b = 1; b <= tiles(seq); ++b) {
      all += keysOf(state, b);
      if (b < block) before += keysOf(state, b);
    }
    for (let i = 0; i < seq; ++i) rows += seenBy(state, i);
    return {
      scores,
      passes: passes(pitch),
      shared: 16 * tile * (2 * pitch + 10),
      loaded: row * (before + Math.min(tile * step, keysOf(state, block))),
      kv_bytes: row * all,
      row_bytes: row * rows,
    };
  }

  /// The block's tile, and of it the thread's scores.
  function drawTile(svg, state) {
    const {seq, block, step, thread} = state, cell = 9, left = 60, top = 40;
    shape(svg, "text", {x: left, y: 18}, "keys " + tile * (step - 1) + " ... →");
    shape(svg, "text", {x: left - 8, y: top + 10, class: "end"}, "↓");
    for (let i = 0; i < tile; ++i)
      for (let j = 0; j < tile; ++j) {
        const query = tile * (block - 1) + i, key = tile * (step - 1) + j;
        const counts = query < seq && key < seenBy(state, Math.min(query, seq - 1));
        const own = query_of(thread, Math.floor(i % 16 / 4)) === i && key_of(thread, Math.floor(j / 8)) === j;
        const sameWarp = Math.floor(i / 16) === Math.floor(thread / warp);
        shape(svg, "rect", {x: left + cell * j, y: top + cell * i, width: cell - 1, height: cell - 1,
          class: "cell " + (own ? counts ? "own now" : "own level" : counts && sameWarp ? "visible" : "hidden")});
      }
    shape(svg, "text", {x: left, y: top + cell * tile + 22}, "dark: this thread; pale: its warp");
  }

  /// Rows 0 to 7 of the tile of keys, in groups of four banks: where eight lanes read.
  function drawBanks(svg, state) {
    const size = 20, left = 450, top = 60, pitch = float4s(state) + state.pad;
    shape(svg, "text", {x: left, y: 18}, "one float4 of 8 keys,");
    shape(svg, "text", {x: left, y: 36}, "by groups of 4 banks →");
    for (let row = 0; row < 8; ++row) {
      shape(svg, "text", {x: left - 10, y: top + size * row + 15, class: "end"}, "lane " + row);
      for (let group = 0; group < 8; ++group)
        shape(svg, "rect", {x: left + size * group, y: top + size * row, width: size - 2, height: size - 2, rx: 2,
          class: row * pitch % 8 === group ? "bank now" : "bank hidden"});
    }
  }

  /// All tiles of the head.
  function drawHead(svg, state) {
    const size = 24, left = 450, top = 270;
    shape(svg, "text", {x: left, y: top - 12}, "tiles of the head");
    for (let b = 1; b <= tiles(state.seq); ++b)
      for (let s = 1; s <= tiles(state.seq); ++s) {
        const visited = s <= tiles(keysOf(state, b)), done = b < state.block || b === state.block && s < state.step;
        const mark = !visited ? "tile hidden" : b === state.block && s === state.step ? "tile now" : done ? "tile seen" : "tile unseen";
        shape(svg, "rect", {x: left + size * (s - 1), y: top + size * (b - 1), width: size - 3, height: size - 3, class: mark});
      }
  }

  interactive.figures.thread_walk = {
    title: "One thread of a block",
    hint: "Flash attention with 32 queries and 64 threads a block, 32 keys at a time, float32. Step through the tiles, "
      + "and change threads. The float4s between two rows in shared memory decide about bank conflicts.",
    height: 400,
    controls: [
      {name: "seq", label: "queries and keys", min: 1, max: 128, value: 110},
      {name: "head_dim", label: "head_dim", min: 1, max: 128, value: 64},
      {name: "pad", label: "float4s between rows", min: 0, max: 4, value: 0},
      {name: "causal", label: "causal", checked: true},
      {name: "block", label: "tile of queries", min: 1, max: s => tiles(s.seq), value: 3},
      {name: "step", label: "tile of keys", min: 1, max: steps, value: 3},
      {name: "thread", label: "thread", min: 0, max: 63, value: 13},
    ],
    outputs: [["scores", "scores of the thread that count, of 16"], ["passes", "passes to read one float4 of 8 keys"],
      ["shared", "bytes of shared memory"], ["loaded", "bytes of keys and values so far"],
      ["kv_bytes", "... by all blocks"], ["row_bytes", "... with a block for each query"]],
    compute,
    draw(svg, state) {
      drawTile(svg, state);
      drawBanks(svg, state);
      drawHead(svg, state);
    },
  };
}
