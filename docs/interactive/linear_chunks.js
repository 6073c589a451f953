// Linear attention in chunks: which pairs are computed, what is left to the state, and what both cost.
"use strict";

{
  const triangle = n => n * (n + 1) / 2;

  function compute({seq, head_dim, chunk}) {
    const pairs = Math.floor(seq / chunk) * triangle(chunk) + triangle(seq % chunk);
    const pair = 4 * head_dim, position = 4 * head_dim * head_dim;
    return {
      pairs,
      in_state: triangle(seq) - pairs,
      held: head_dim * (head_dim + 1) + chunk * chunk,
      cumulative: seq * head_dim * (head_dim + 1),
      flops: pairs * pair + seq * position,
      score_flops: triangle(seq) * pair,
    };
  }

  interactive.figures.chunks = {
    title: "Linear attention in chunks",
    hint: "The causal matrix of one head. Dark pairs are computed one by one; the pale ones are in the state, which every "
      + "chunk reads once. A chunk of 1 is the running state, one chunk for all is the score matrix.",
    height: 400,
    controls: [
      {name: "seq", label: "positions", min: 4, max: 64, value: 32},
      {name: "head_dim", label: "channels", min: 1, max: 64, value: 8},
      {name: "chunk", label: "positions in a chunk", min: 1, max: s => s.seq, value: 8},
    ],
    outputs: [["pairs", "pairs computed"], ["in_state", "pairs left to the state"], ["held", "floats held: state and chunk"],
      ["cumulative", "... by a cumulative sum"], ["flops", "FLOPs"], ["score_flops", "... of a score matrix"]],
    compute,
    draw(svg, {seq, chunk}) {
      const scale = 340 / seq, left = 180, top = 30;
      shape(svg, "text", {x: left, y: 18}, "keys →");
      shape(svg, "text", {x: left - 12, y: top + 16, class: "end"}, "queries ↓");
      for (let first = 0; first < seq; first += chunk) {
        const count = Math.min(chunk, seq - first);
        if (first) shape(svg, "rect", {x: left, y: top + scale * first, width: scale * first - 1, height: scale * count - 1,
          class: "past seen"});
        for (let i = first; i < first + count; ++i)
          shape(svg, "rect", {x: left + scale * first, y: top + scale * i, width: scale * (i - first + 1) - 0.5,
            height: scale - 0.5, class: "own now"});
      }
    },
  };
}
