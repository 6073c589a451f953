// A paged cache: which pages forked sequences have, which are shared, and in which slot a token lies.
"use strict";

{
  const PAGE = 16, POOL = 16, NAMES = "ABCD"; // tokens of a page; pages; sequences

  /// Plays the allocator: a prompt, forks of it, tokens of each sequence in turn, and the first sequences freed.
  function play({prompt, forks, own, freed}) {
    const owners = Array(POOL).fill(0), sequences = [{pages: [], length: 0}];
    let copies = 0;
    const take = () => {
      const page = owners.indexOf(0); // the free page with the lowest number
      owners[page] = 1;
      return page;
    };
    const append = s => {
      const last = s.pages.length - 1;
      if (s.length % PAGE === 0) s.pages.push(take());
      else if (owners[s.pages[last]] > 1) {
        const page = take();
        --owners[s.pages[last]];
        s.pages[last] = page;
        ++copies;
      }
      ++s.length;
    };
    for (let i = 0; i < prompt; ++i) append(sequences[0]);
    for (let i = 0; i < forks; ++i) {
      for (const page of sequences[0].pages) ++owners[page];
      sequences.push({pages: [...sequences[0].pages], length: prompt});
    }
    for (let i = 0; i < own; ++i) sequences.forEach(append);
    for (let i = 0; i < freed; ++i) {
      for (const page of sequences[i].pages) --owners[page];
      sequences[i] = {pages: [], length: 0};
    }
    return {owners, sequences, copies};
  }

  const lengthOf = s => s.sequence <= s.freed ? 0 : s.prompt + s.own;

  /// Tokens that lie in each page.
  function filled({sequences}) {
    const tokens = Array(POOL).fill(0);
    for (const {pages, length} of sequences)
      pages.forEach((page, i) => { tokens[page] = Math.max(tokens[page], Math.min(PAGE, length - PAGE * i)); });
    return tokens;
  }

  function compute(state) {
    const played = play(state), used = played.owners.filter(n => n > 0).length, chosen = played.sequences[state.sequence - 1];
    return {
      slot: chosen.length ? chosen.pages[Math.floor(state.token / PAGE)] * PAGE + state.token % PAGE : -1,
      used,
      shared: played.owners.filter(n => n > 1).length,
      unshared: played.sequences.reduce((sum, s) => sum + s.pages.length, 0),
      copies: played.copies,
      empty: PAGE * used - filled(played).reduce((sum, n) => sum + n, 0),
    };
  }

  interactive.figures.block_table = {
    title: "Block tables and pages",
    hint: "Sequence A has a prompt; B, C and D are forks of it. Then each sequence appends tokens of its own, in turn. Above "
      + "are the block tables, below is the pool: 16 pages of 16 slots. A page with two or more owners is pale, and the slot "
      + "of the chosen token is dark.",
    height: 330,
    controls: [
      {name: "prompt", label: "tokens of the prompt", min: 1, max: 40, value: 21},
      {name: "forks", label: "forks", min: 0, max: 3, value: 2},
      {name: "own", label: "tokens of its own for each sequence", min: 0, max: 24, value: 1},
      {name: "freed", label: "sequences freed, A first", min: 0, max: s => s.forks + 1, value: 0},
      {name: "sequence", label: "sequence of the chosen token", min: 1, max: s => s.forks + 1, value: 2,
        show: s => NAMES[s.sequence - 1]},
      {name: "token", label: "chosen token", min: 0, max: s => Math.max(0, lengthOf(s) - 1), value: 21},
    ],
    outputs: [["slot", "slot of the chosen token"], ["used", "pages in use"], ["shared", "pages with several owners"],
      ["unshared", "pages if nothing were shared"], ["copies", "pages copied before they were written"],
      ["empty", "slots in use without a token"]],
    compute,
    draw(svg, state, {slot}) {
      const played = play(state), tokens = filled(played), place = Math.floor(slot / PAGE);
      played.sequences.forEach(({pages, length}, i) => {
        const y = 14 + 34 * i;
        shape(svg, "text", {x: 20, y: y + 18}, NAMES[i] + (length ? ": " + length + " tokens" : ": freed"));
        pages.forEach((page, n) => {
          const chosen = i === state.sequence - 1 && n === Math.floor(state.token / PAGE);
          const mark = chosen ? "now" : played.owners[page] > 1 ? "group" : "unseen";
          shape(svg, "rect", {x: 140 + 40 * n, y, width: 34, height: 26, rx: 4, class: "entry " + mark});
          shape(svg, "text", {x: 157 + 40 * n, y: y + 18, class: "middle"}, page);
        });
      });
      for (let page = 0; page < POOL; ++page) {
        const x = 20 + 84 * (page % 8), y = 176 + 80 * Math.floor(page / 8);
        shape(svg, "text", {x, y: y - 6}, page);
        shape(svg, "rect", {x, y, width: 76, height: 40, rx: 4,
          class: "page " + (played.owners[page] > 1 ? "group" : "unseen")});
        for (let j = 0; j < PAGE; ++j) {
          const mark = page === place && j === slot % PAGE ? "slot now" : j < tokens[page] ? "slot seen" : "slot hidden";
          shape(svg, "rect", {x: x + 3 + 9 * (j % 8), y: y + 4 + 18 * Math.floor(j / 8), width: 7, height: 14, class: mark});
        }
      }
    },
  };
}
