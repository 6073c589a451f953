// Online softmax: a row of logits read in chunks, with the running maximum m, the denominator l and the output.
"use strict";

{
  const logits = [0.4, -1.2, 1.6, 0.3, 2.9, -0.5, 1.1, 3.4, -2.0, 0.8, 2.2, -0.7];
  const values = [1.0, -0.5, 0.2, 2.0, -1.0, 0.6, 1.4, 0.3, -2.0, 1.2, -0.8, 0.5];

  /// What is known after `chunks` chunks: computed chunk by chunk, never looking back.
  function run({chunk, chunks}) {
    let m = -Infinity, l = 0, sum = 0, rescale = 1;
    const seen = Math.min(logits.length, chunk * chunks);
    for (let first = 0; first < seen; first += chunk) {
      const part = logits.slice(first, Math.min(first + chunk, seen));
      const grown = Math.max(m, ...part);
      rescale = m === -Infinity ? 1 : Math.exp(m - grown);
      l *= rescale;
      sum *= rescale;
      part.forEach((x, j) => {
        l += Math.exp(x - grown);
        sum += Math.exp(x - grown) * values[first + j];
      });
      m = grown;
    }
    return {seen, m: seen ? m : null, l, rescale, output: seen ? sum / l : 0};
  }

  interactive.figures.online_softmax = {
    title: "Online softmax",
    hint: "Twelve logits are read from left to right, a chunk at a time. Watch l and the output being scaled down whenever "
      + "the maximum grows.",
    height: 230,
    controls: [
      {name: "chunk", label: "keys in a chunk", min: 1, max: 12, value: 3},
      {name: "chunks", label: "chunks read", min: 0, max: s => Math.ceil(12 / s.chunk), value: 2},
    ],
    outputs: [["seen", "keys seen"], ["m", "maximum m"], ["rescale", "last factor exp(m old − m new)"], ["l", "denominator l"],
      ["output", "output"]],
    compute: run,
    draw(svg, state, {seen, m}) {
      const x = j => 30 + 54 * j, y = logit => 130 - 28 * logit;
      const current = seen - ((seen - 1) % state.chunk + 1); // first key of the last chunk read
      logits.forEach((logit, j) => {
        const where = j >= seen ? "unseen" : j >= current ? "now" : "seen";
        shape(svg, "rect", {x: x(j), y: Math.min(y(0), y(logit)), width: 40, height: Math.abs(y(0) - y(logit)), class: "bar " + where});
        shape(svg, "text", {x: x(j) + 20, y: logit > 0 ? y(logit) - 6 : y(logit) + 16, class: "middle"}, show(logit));
        if (j % state.chunk === 0 && j) shape(svg, "line", {x1: x(j) - 7, y1: 20, x2: x(j) - 7, y2: 215, class: "cut"});
      });
      shape(svg, "line", {x1: 20, y1: y(0), x2: 680, y2: y(0), class: "axis"});
      if (m !== null) {
        shape(svg, "line", {x1: 20, y1: y(m), x2: 680, y2: y(m), class: "level"});
        shape(svg, "text", {x: 682, y: y(m) + 4}, "m");
      }
    },
  };
}
