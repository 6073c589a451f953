// The order of chunks in the rows of a tile, and the banks in which ldmatrix finds one chunk of eight rows.
"use strict";

{
  const orders = ["in order", "a gap after each row", "swizzled"];
  const width = ({blocks}) => 2 * blocks; // chunks of a row
  const pitch = state => state.order === 1 ? width(state) | 1 : Math.ceil(width(state) / 8) * 8;
  const place = (state, row, chunk) => row * pitch(state) + (state.order === 2 ? chunk ^ (row % 8) : chunk);

  /// The most rows of eight that have the chunk in the same group of four banks.
  function passes(state) {
    const rows = Array(8).fill(0);
    for (let row = 0; row < 8; ++row) ++rows[place(state, row, state.chunk) % 8];
    return Math.max(...rows);
  }

  const compute = state => ({
    head_dim: 16 * state.blocks,
    place: place(state, state.row, state.chunk),
    group: place(state, state.row, state.chunk) % 8,
    passes: passes(state),
    bytes: 64 * pitch(state) * 16,
  });

  /// Shared memory, 8 chunks of 16 bytes to a line: all 32 banks.
  function drawMemory(svg, state, set) {
    const size = 26, high = 17, left = 70, top = 56, used = {};
    for (let row = 0; row < 8; ++row)
      for (let chunk = 0; chunk < width(state); ++chunk) used[place(state, row, chunk)] = [row, chunk];
    shape(svg, "text", {x: left, y: 18, class: "strong"}, "shared memory, the first 8 rows");
    shape(svg, "text", {x: left, y: 42}, "8 groups of 4 banks →");
    for (let at = 0; at < 8 * pitch(state); ++at) {
      const [row, chunk] = used[at] || [], x = left + size * (at % 8), y = top + high * Math.floor(at / 8);
      if (at % 8 === 0) shape(svg, "text", {x: left - 8, y: y + 13, class: "end small"}, String(16 * at));
      const wanted = chunk === state.chunk;
      const look = row === undefined ? "hidden" : wanted ? row === state.row ? "now" : "visible level" : "visible";
      const group = shape(svg, "g", {class: row === undefined ? "gap" : "chunk" + (wanted ? " wanted" : "")});
      shape(group, "rect", {x, y, width: size - 2, height: high - 2, class: look});
      if (row === undefined) continue;
      shape(group, "text", {x: x + 3, y: y + 12, class: "small"}, row + "," + chunk);
      group.style.cursor = "pointer";
      group.addEventListener("click", () => set({row, chunk}));
    }
  }

  /// Which of the eight rows is read in which group of banks.
  function drawBanks(svg, state) {
    const size = 22, left = 430, top = 56;
    shape(svg, "text", {x: left, y: 18, class: "strong"}, "one ldmatrix");
    shape(svg, "text", {x: left, y: 42}, "8 groups of 4 banks →");
    for (let row = 0; row < 8; ++row) {
      shape(svg, "text", {x: left - 8, y: top + size * row + 15, class: "end"}, "row " + row);
      for (let group = 0; group < 8; ++group)
        shape(svg, "rect", {x: left + size * group, y: top + size * row, width: size - 2, height: size - 2, rx: 2,
          class: place(state, row, state.chunk) % 8 === group ? "bank now" : "bank hidden"});
    }
  }

  interactive.figures.swizzle = {
    title: "Eight rows and eight groups of banks",
    hint: "A tile of 16-bit numbers in chunks of 16 bytes. Choose the order, then the chunk that ldmatrix reads from eight "
      + "rows, or click on one. Labels are row and chunk.",
    height: 350,
    controls: [
      {name: "blocks", label: "head_dim", min: 1, max: 8, value: 4, show: s => 16 * s.blocks},
      {name: "order", label: "order", min: 0, max: 2, value: 0, show: s => orders[s.order]},
      {name: "row", label: "row", min: 0, max: 7, value: 5},
      {name: "chunk", label: "chunk", min: 0, max: s => width(s) - 1, value: 2},
    ],
    outputs: [["head_dim", "head_dim"], ["place", "the chunk's place, in chunks"], ["group", "its group of banks"],
      ["passes", "passes for one matrix of ldmatrix"], ["bytes", "bytes of a tile of 64 rows"]],
    compute,
    draw(svg, state, numbers, set) {
      drawMemory(svg, state, set);
      drawBanks(svg, state);
    },
  };
}
