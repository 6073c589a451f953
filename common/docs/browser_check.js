// Opens every page of the site in a frame, at two widths, light and dark, and reports what is wrong on the console.
// browser_check.sh runs it; `pages` and `expected` come before it.
"use strict";

const WIDTHS = {desktop: 1280, phone: 390};
let problems = 0;
const idsOf = {};   // page -> its ids
const linksOf = {}; // page -> the addresses it links to

function problem(page, what) {
  ++problems;
  console.log("CHECK " + page + ": " + what.replace(/\s+/g, " "));
}

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
const painted = frame => new Promise(resolve => frame.contentWindow.requestAnimationFrame(() => setTimeout(resolve)));

function load(frame, page) {
  return new Promise(resolve => {
    frame.onload = resolve;
    frame.src = "html/" + page;
  });
}

function formulasDrawn(window) {
  if (!window.MathJax || !window.MathJax.Hub) return null;
  return new Promise(resolve => window.MathJax.Hub.Queue(resolve));
}

function canBeLoaded(address) {
  return new Promise(resolve => {
    const image = new Image();
    image.onload = () => resolve(true);
    image.onerror = () => resolve(false);
    image.src = address;
  });
}

/// A page that is left while its images load may keep the next one from loading them: those that have no size are
/// loaded once more, alone.
async function checkImages(page, document) {
  for (const image of document.images)
    if (!image.naturalWidth && !(await canBeLoaded(image.src)))
      problem(page, "image missing: " + image.getAttribute("src"));
}

/// Text that a reader sees as it is written: code is left out.
function* proseOf(document) {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (!node.parentElement.closest("code, pre, script, style, .fragment, .memproto, .memItemLeft, .memItemRight, .MathJax_SVG"))
      yield node.data;
}

function checkOnce(page, window, document) {
  for (const text of proseOf(document)) {
    const raw = text.match(/\$\S|\\\(|\\\[|\\[a-z]+\{|@f[[$\]]|<!--|\*\*|``/);
    if (raw) problem(page, "not rendered: " + text.trim().slice(0, 80));
  }
  const failed = node => node && (node.type === "merror" || (Array.isArray(node.data) && node.data.some(failed)));
  for (const formula of window.MathJax?.Hub?.getAllJax() ?? [])
    if (failed(formula.root)) problem(page, "a formula fails: " + formula.originalText);
  const waiting = document.querySelectorAll('script[type^="math/tex"]').length;
  const drawn = document.querySelectorAll(".MathJax_SVG").length;
  if (waiting !== drawn) problem(page, drawn + " of " + waiting + " formulas are drawn");
  for (const image of document.images)
    if (image.closest(".figure") && !image.alt) problem(page, "image without alt: " + image.getAttribute("src"));
  if (!document.title || !document.querySelector(".contents, .header, h1")) problem(page, "no content");
  idsOf[page] = new Set([...document.querySelectorAll("[id], a[name]")].flatMap(e => [e.id, e.getAttribute("name")]));
  linksOf[page] = [...document.querySelectorAll("a[href], area[href]")]
    .filter(a => a.tagName === "AREA" || a.checkVisibility()).map(a => a.getAttribute("href"));
}

function channels(colour) {
  const [r, g, b, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
  return {rgb: [r, g, b], alpha};
}

function luminance(rgb) {
  const [r, g, b] = rgb.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const over = (top, below) => top.rgb.map((c, i) => top.alpha * c + (1 - top.alpha) * below[i]);

function backgroundBehind(element) {
  const layers = [];
  for (let e = element; e; e = e.parentElement) {
    layers.push(channels(getComputedStyle(e).backgroundColor));
    if (layers.at(-1).alpha === 1) break;
  }
  return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255]);
}

function contrast(a, b) {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function checkLook(page, document, theme, width) {
  const where = page + " (" + theme + ", " + width + ")";
  const dark = luminance(backgroundBehind(document.body)) < 0.2;
  if (dark !== (theme === "dark")) problem(where, "the background is not " + theme);
  const samples = document.querySelectorAll(".contents p, .contents td, .contents a, .contents code, .contents li, .contents pre, " +
    ".interactive text:not(.now + text), .interactive label, .interactive output, .MathJax_SVG");
  for (const element of samples) {
    const empty = !element.textContent.trim() && !element.matches(".MathJax_SVG");
    if (empty || !element.checkVisibility() || element.closest(".lineno")) continue;
    const style = getComputedStyle(element);
    const ink = element instanceof document.defaultView.SVGElement ? style.fill : style.color;
    const behind = backgroundBehind(element);
    const ratio = contrast(luminance(over(channels(ink), behind)), luminance(behind));
    if (ratio < 3.5) {
      problem(where, "contrast " + ratio.toFixed(1) + ": " + element.textContent.trim().slice(0, 60));
      break;
    }
  }
  const page_width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > page_width + 1) problem(where, "wider than the window");
  for (const element of document.querySelectorAll(".contents p, .contents li, .contents h1, .contents h2, .interactive")) {
    const box = element.getBoundingClientRect();
    if (box.width && box.right > page_width + 1 && !element.closest("table, .figure, pre")) {
      problem(where, "reaches beyond the window: " + element.textContent.trim().slice(0, 60));
      break;
    }
  }
}

async function checkPage(frame, page) {
  frame.width = WIDTHS.desktop;
  await load(frame, page);
  const window = frame.contentWindow, document = frame.contentDocument;
  // A page that was not generated here, like a benchmark's report, follows the system's theme.
  const generated = document.querySelector('meta[name="generator"][content^="Doxygen"]');
  const setDark = on => generated && window.eval("DoxygenAwesomeDarkModeToggle").enableDarkMode(on);
  await formulasDrawn(window);
  await checkImages(page, document);
  checkOnce(page, window, document);
  for (const width of ["desktop", "phone"]) {
    frame.width = WIDTHS[width];
    for (const theme of generated ? ["light", "dark"] : ["light"]) {
      setDark(theme === "dark");
      await painted(frame);
      checkLook(page, document, theme, width);
    }
  }
  setDark(false);
  frame.width = WIDTHS.desktop;
  if (window.interactive) await window.interactive.check(expected, what => problem(page, what));
}

function checkLinks() {
  const known = new Set(pages);
  for (const [page, links] of Object.entries(linksOf))
    for (const link of new Set(links)) {
      if (/^(https?|mailto|javascript):/.test(link) || link === "") continue;
      const [path, anchor] = decodeURIComponent(link).split("#");
      const target = path || page;
      if (!known.has(target)) problem(page, "links to " + target + ", which is not there");
      else if (anchor && !idsOf[target].has(anchor)) problem(page, "links to " + link + ", which has no such place");
    }
}

async function main() {
  const waiting = [...pages];
  const work = async () => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.height = 900;
    for (let page = waiting.shift(); page; page = waiting.shift()) {
      try {
        await Promise.race([checkPage(frame, page), sleep(60000).then(() => { throw Error("takes more than 60 s"); })]);
      } catch (error) {
        problem(page, error.message);
      }
    }
  };
  await Promise.all([work(), work()]);
  checkLinks();
  console.log("CHECK done: " + pages.length + " pages, " + problems + " problems");
}

main();
