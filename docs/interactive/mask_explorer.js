// Mask explorer: which keys a query sees, and which tiles of the score matrix can be skipped.
"use strict";

{
  const seesKey = ({q_len, kv_len, causal, window}, i, j) => {
    const position = i + kv_len - q_len; // the queries are the last of the positions
    return (!causal || j <= position) && (window === 0 || Math.abs(position - j) < window);
  };

  function count(state) {
    const {q_len, kv_len, block} = state;
    const numbers = {pairs: 0, blind: 0, full: 0, partial: 0, skipped: 0};
    for (let i = 0; i < q_len; ++i) {
      let row = 0;
      for (let j = 0; j < kv_len; ++j) row += seesKey(state, i, j);
      numbers.pairs += row;
      if (!row) ++numbers.blind;
    }
    for (let i0 = 0; i0 < q_len; i0 += block)
      for (let j0 = 0; j0 < kv_len; j0 += block) {
        let seen = 0, all = 0;
        for (let i = i0; i < Math.min(i0 + block, q_len); ++i)
          for (let j = j0; j < Math.min(j0 + block, kv_len); ++j, ++all) seen += seesKey(state, i, j);
        ++numbers[seen === all ? "full" : seen ? "partial" : "skipped"];
      }
    return numbers;
  }

  interactive.figures.mask_explorer = {
    title: "Mask explorer",
    hint: "Rows are queries, columns are keys, a filled square is a pair that is computed. The queries are the last "
      + "positions. A window of 0 is no window.",
    height: 400,
    controls: [
      {name: "q_len", label: "q_len", min: 1, max: 16, value: 12},
      {name: "kv_len", label: "kv_len", min: 1, max: 16, value: 16},
      {name: "causal", label: "causal", checked: true},
      {name: "window", label: "window", min: 0, max: 16, value: 6},
      {name: "block", label: "rows and columns of a tile", min: 1, max: 8, value: 4},
    ],
    outputs: [["pairs", "pairs seen"], ["blind", "queries that see no key"], ["full", "tiles without a mask"],
      ["partial", "tiles that need one"], ["skipped", "tiles skipped"]],
    compute: count,
    draw(svg, state) {
      const {q_len, kv_len, block} = state, size = 22, left = 190, top = 30;
      for (let i = 0; i < q_len; ++i)
        for (let j = 0; j < kv_len; ++j)
          shape(svg, "rect", {x: left + size * j, y: top + size * i, width: size - 2, height: size - 2, rx: 2,
            class: seesKey(state, i, j) ? "cell visible" : "cell hidden"});
      for (let i = 0; i <= q_len; i += block)
        shape(svg, "line", {x1: left - 5, x2: left + size * kv_len + 3, y1: top + size * i - 1, y2: top + size * i - 1, class: "cut"});
      for (let j = 0; j <= kv_len; j += block)
        shape(svg, "line", {y1: top - 5, y2: top + size * q_len + 3, x1: left + size * j - 1, x2: left + size * j - 1, class: "cut"});
      shape(svg, "text", {x: left, y: 18}, "keys →");
      shape(svg, "text", {x: left - 12, y: top + 16, class: "end"}, "queries ↓");
    },
  };
}
