// Who holds what in mma.m16n8k16: the elements of one lane in a, b and c, and two c side by side.
"use strict";

{
  const g = lane => Math.floor(lane / 4), t = lane => lane % 4;
  const bit = (i, n) => Math.floor(i / 2 ** n) % 2;
  const places = {
    a: (lane, i) => [g(lane) + 8 * bit(i, 1), 2 * t(lane) + bit(i, 0) + 8 * bit(i, 2)],
    b: (lane, i) => [2 * t(lane) + bit(i, 0) + 8 * bit(i, 1), g(lane)],
    c: (lane, i) => [g(lane) + 8 * bit(i, 1), 2 * t(lane) + bit(i, 0)],
  };
  /// Elements 4 to 7 are those of the next product: 8 columns further.
  const two = (lane, i) => {
    const [row, col] = places.c(lane, i % 4);
    return [row, col + 8 * bit(i, 2)];
  };

  function compute({lane, element}) {
    const [a_row, a_col] = places.a(lane, element), [b_row, b_col] = places.b(lane, element % 4);
    const [c_row, c_col] = two(lane, element);
    return {g: g(lane), t: t(lane), register: Math.floor(element / 2), a_row, a_col, b_row, b_col, c_row, c_col};
  }

  /// A matrix whose cells can be clicked: the lane and the element that are there.
  function drawMatrix(svg, state, set, {name, title, left, elements, place, shown = elements}) {
    const cell = 15, top = 46;
    shape(svg, "text", {x: left, y: 18, class: "strong"}, title);
    for (let lane = 0; lane < 32; ++lane)
      for (let i = 0; i < elements; ++i) {
        const [row, col] = place(lane, i), own = lane === state.lane;
        const of_register = ["visible", "hidden", "hidden", "visible"][Math.floor(i / 2)];
        const look = !own ? of_register : i === state.element % shown ? "now" : "visible level";
        const group = shape(svg, "g", {class: name + "-cell" + (own ? " own" : ""), style: "cursor: pointer"});
        shape(group, "rect", {x: left + cell * col, y: top + cell * row, width: cell - 1, height: cell - 1, class: look});
        if (own) shape(group, "text", {x: left + cell * col + 4, y: top + cell * row + 11, class: "small"}, String(i));
        shape(group, "title", {}, "lane " + lane + ", element " + i + ", register " + Math.floor(i / 2));
        group.addEventListener("click", () => set({lane, element: i}));
      }
  }

  interactive.figures.fragments = {
    title: "Who holds what",
    hint: "The three matrices of mma.m16n8k16. Click on an element to see its lane, and everything else that this lane "
      + "holds. Shades tell neighbouring registers apart.",
    height: 300,
    controls: [
      {name: "lane", label: "lane", min: 0, max: 31, value: 13},
      {name: "element", label: "element", min: 0, max: 7, value: 4},
      {name: "beside", label: "two products side by side", checked: false},
    ],
    outputs: [["g", "g = lane / 4"], ["t", "t = lane % 4"], ["register", "register of a"], ["a_row", "a: row"],
      ["a_col", "a: column"], ["b_row", "b: row of element % 4"], ["b_col", "b: column"],
      ["c_row", "c: row of element % 4"], ["c_col", "c: column, the next product's from 8 on"]],
    compute,
    draw(svg, state, numbers, set) {
      drawMatrix(svg, state, set, {name: "a", title: "a", left: 20, elements: 8, place: places.a});
      drawMatrix(svg, state, set, {name: "b", title: "b", left: 290, elements: 4, place: places.b});
      drawMatrix(svg, state, set, {name: "c", title: state.beside ? "c of two products" : "c", left: 440,
        elements: state.beside ? 8 : 4, place: two, shown: state.beside ? 8 : 4});
    },
  };
}
