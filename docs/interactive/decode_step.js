// One step of decoding: which rows of the cache the new token reads, which one it writes, and what that weighs.
"use strict";

{
  const ROWS = 16, TOKEN = 4096; // rows at most; bytes of a token in one layer: 8 KV heads of 128 channels, 16 bits

  const rowsOf = s => s.ring ? s.window : ROWS;

  function compute(s) {
    const rows = rowsOf(s), read = Math.min(s.token, rows - 1);
    return {
      row: s.token % rows,
      read,
      read_bytes: TOKEN * read,
      written_bytes: TOKEN,
      cache_bytes: TOKEN * rows,
      copied_bytes: TOKEN * read,
      flops_per_byte: s.share,
    };
  }

  interactive.figures.decode_step = {
    title: "One step of decoding",
    hint: "The cache of one layer, one row for each token. The new token reads the pale rows and writes the dark one; nothing "
      + "else is touched. As a ring, the cache keeps the last tokens only, and the oldest row is overwritten.",
    height: 150,
    controls: [
      {name: "token", label: "number of the new token", min: 0, max: s => s.ring ? 31 : ROWS - 1, value: 9},
      {name: "ring", label: "a ring", checked: false},
      {name: "window", label: "rows of the ring", min: 1, max: ROWS, value: 6},
      {name: "share", label: "query heads that share a KV head", min: 1, max: 16, value: 4},
    ],
    outputs: [["row", "row that is written"], ["read", "tokens that are read"], ["read_bytes", "bytes read of the cache"],
      ["written_bytes", "bytes written in place"], ["copied_bytes", "bytes copied as well, if the cache is concatenated"],
      ["cache_bytes", "bytes reserved"], ["flops_per_byte", "FLOPs per byte read"]],
    compute,
    draw(svg, s, numbers) {
      const rows = rowsOf(s), oldest = s.token - numbers.read;
      shape(svg, "text", {x: 20, y: 20}, "row");
      shape(svg, "text", {x: 20, y: 74}, "token");
      for (let row = 0; row < rows; ++row) {
        const x = 80 + 38 * row, newest = s.token - (s.token - row + rows) % rows;
        const written = row === numbers.row, seen = !written && newest >= oldest && newest >= 0;
        shape(svg, "text", {x: x + 17, y: 20, class: "middle"}, row);
        shape(svg, "rect", {x, y: 40, width: 34, height: 54, class: "row " + (written ? "now" : seen ? "seen" : "unseen")});
        if (written || seen) shape(svg, "text", {x: x + 17, y: 74, class: "middle"}, newest);
      }
      shape(svg, "text", {x: 80, y: 122}, s.token >= rows ? "token " + (s.token - rows) + " was in row " + numbers.row
        + " and is overwritten" : "row " + numbers.row + " was free");
    },
  };
}
