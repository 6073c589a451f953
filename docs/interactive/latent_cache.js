// What one token leaves in the cache of one layer: by four schemes, and the latent's weight in KV heads.
"use strict";

{
  const kvHeads = s => 2 ** Math.min(s.shared, s.heads);

  function compute(s) {
    const heads = 2 ** s.heads, latent = 64 * s.rank + 16 * s.rope;
    return {
      multi_head: 2 * heads * s.head_dim,
      grouped_query: 2 * kvHeads(s) * s.head_dim,
      multi_query: 2 * s.head_dim,
      latent,
      kv_heads: latent / (2 * s.head_dim),
      flops_per_byte: heads * 2 * (64 * s.rank + latent) / (2 * latent), // scores and values, of 16-bit numbers
    };
  }

  const bars = [["multi_head", "multi-head"], ["grouped_query", "grouped-query"], ["multi_query", "multi-query"], ["latent", "latent"]];

  interactive.figures.latent_cache = {
    title: "What a token leaves behind",
    hint: "Numbers cached for one token in one layer; the bars are logarithmic. More heads cost nothing if they share a latent: "
      + "it is only read more often.",
    height: 190,
    controls: [
      {name: "heads", label: "heads", min: 0, max: 7, value: 7, show: s => 2 ** s.heads},
      {name: "shared", label: "KV heads, if grouped", min: 0, max: s => s.heads, value: 3, show: s => kvHeads(s)},
      {name: "head_dim", label: "head_dim", min: 32, max: 256, value: 128},
      {name: "rank", label: "kv_rank", min: 1, max: 32, value: 8, show: s => 64 * s.rank},
      {name: "rope", label: "rope_dim", min: 1, max: 8, value: 4, show: s => 16 * s.rope},
    ],
    outputs: [["multi_head", "multi-head"], ["grouped_query", "grouped-query"], ["multi_query", "multi-query"],
      ["latent", "latent and rope key"], ["kv_heads", "... weighs as many KV heads"],
      ["flops_per_byte", "FLOPs per byte of latents, decoding"]],
    compute,
    draw(svg, state, numbers) {
      bars.forEach(([name, label], i) => {
        const y = 16 + 42 * i;
        shape(svg, "text", {x: 120, y: y + 18, class: "end"}, label);
        shape(svg, "rect", {x: 130, y, width: 32 * Math.log2(numbers[name]), height: 26,
          class: "bar " + (name === "latent" ? "now" : "seen")});
      });
    },
  };
}
