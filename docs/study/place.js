// Where the student was reading, in the text and in the panel: kept for a reload and for the browser's way back. The browser
// keeps it only for what scrolls the whole page.
"use strict";

(() => {
  const KEY = "study-place " + location.pathname;
  const parts = () => [document.scrollingElement, document.querySelector("#doc-content"), document.querySelector("#study-body")];

  let left = false;
  const keep = () => sessionStorage.setItem(KEY, JSON.stringify(parts().map(part => part?.scrollTop ?? 0)));
  addEventListener("beforeunload", () => {
    left = true;
    keep();
  });
  addEventListener("pagehide", () => left || keep()); // for browsers without the other, which comes before the panel loses its server

  const way = performance.getEntriesByType("navigation")[0]?.type;
  const kept = way === "reload" || way === "back_forward" ? JSON.parse(sessionStorage.getItem(KEY)) : null;
  if (!kept) return;
  const goThere = () => parts().forEach((part, i) => part && (part.scrollTop = kept[i]));
  // The formulas and the panel still grow: the place is sought again until the student moves.
  const grown = new ResizeObserver(goThere);
  const moves = ["wheel", "pointerdown", "touchstart", "keydown"];
  const stop = () => {
    grown.disconnect();
    removeEventListener("load", goThere);
    for (const move of moves) removeEventListener(move, stop, true);
  };
  for (const move of moves) addEventListener(move, stop, true);
  addEventListener("load", goThere);
  for (const part of document.querySelectorAll(".contents, #study-body > *")) grown.observe(part);
})();
