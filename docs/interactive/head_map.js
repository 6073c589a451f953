// Head map: which KV head a query head reads, and what that leaves of the KV cache.
"use strict";

{
  const divisors = n => Array.from({length: n}, (_, i) => i + 1).filter(d => n % d === 0);
  const kvHeads = ({heads, choice}) => divisors(heads)[Math.min(choice, divisors(heads).length) - 1];

  function compute(state) {
    const kv_heads = kvHeads(state), n_rep = state.heads / kv_heads;
    // One layer, 4096 positions, head_dim 128, two bytes: keys and values.
    return {kv_heads, n_rep, reads: Math.floor(state.head / n_rep), mib: 2 * kv_heads * 4096 * 128 * 2 / 2 ** 20};
  }

  interactive.figures.head_map = {
    title: "Head map",
    hint: "Query heads above, KV heads below. Neighbours share: query head h reads KV head h / n_rep.",
    height: 190,
    controls: [
      {name: "heads", label: "query heads", min: 1, max: 16, value: 8},
      {name: "choice", label: "KV heads", min: 1, max: s => divisors(s.heads).length, value: 2, show: kvHeads},
      {name: "head", label: "query head h", min: 0, max: s => s.heads - 1, value: 5},
    ],
    outputs: [["n_rep", "n_rep"], ["reads", "h reads KV head"], ["mib", "MiB of KV cache: one layer, 4096 tokens, head_dim 128"]],
    compute,
    draw(svg, {heads, head}, {kv_heads, n_rep, reads}) {
      const x = (i, n) => 350 + 42 * (i - (n - 1) / 2) * (n === heads ? 1 : n_rep);
      for (let h = 0; h < heads; ++h) {
        const chosen = Math.floor(h / n_rep) === reads;
        shape(svg, "line", {x1: x(h, heads), y1: 52, x2: x(Math.floor(h / n_rep), kv_heads), y2: 132,
          class: h === head ? "level" : chosen ? "axis shared" : "cut"});
      }
      const box = (i, n, y, mark) => {
        shape(svg, "rect", {x: x(i, n) - 17, y, width: 34, height: 34, rx: 6, class: mark});
        shape(svg, "text", {x: x(i, n), y: y + 22, class: "middle"}, i);
      };
      for (let h = 0; h < heads; ++h) box(h, heads, 20, "query " + (h === head ? "now" : Math.floor(h / n_rep) === reads ? "group" : "unseen"));
      for (let g = 0; g < kv_heads; ++g) box(g, kv_heads, 130, "kv " + (g === reads ? "now" : "unseen"));
    },
  };
}
