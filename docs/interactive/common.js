// What the interactive figures share. A page marks a figure's place:
//   <div class="interactive" data-figure="head_map"></div>
// A figure says what can be set, computes numbers from that, and draws them. No library, no network.
"use strict";

const interactive = window.interactive = {figures: {}, places: []};

/// An SVG element inside of `parent`.
function shape(parent, tag, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return parent.appendChild(element);
}

function make(parent, tag, properties = {}) {
  return parent.appendChild(Object.assign(document.createElement(tag), properties));
}

/// A number as it is shown: four digits that matter.
function show(value) {
  if (value === null) return "−∞";
  if (Number.isInteger(value)) return String(value).replace("-", "−");
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

const shownNumber = text => text === "−∞" ? null : Number(text.replace("−", "-"));

/// The tiles of a square score matrix in the order in which they are computed. Causal tiles in which no query sees a key
/// are left out.
function seenTiles({seq, block_q, block_kv, causal}) {
  const tiles = [];
  for (let i = 0; i < seq; i += block_q)
    for (let j = 0; j < seq; j += block_kv) {
      const rows = Math.min(block_q, seq - i), cols = Math.min(block_kv, seq - j);
      if (!causal || j <= i + rows - 1) tiles.push({i, j, rows, cols});
    }
  return tiles;
}

/// Builds a figure in its place. Its parts:
///   title, hint
///   controls  [{name, label, min, max, value}] for a slider (max may be a function of the state),
///             [{name, label, checked}] for a box
///   compute   state -> {name: number}, what the output shows; null stands for minus infinity
///   outputs   [[name, label]]
///   draw      (svg, state, numbers, set): set({name: value}) changes controls, for shapes that one can click
function place(div, figure, id) {
  const inputs = {}, outputs = {}, values = {};
  make(div, "h3", {textContent: figure.title});
  make(div, "p", {textContent: figure.hint});
  const controls = make(div, "div", {className: "controls"});
  for (const control of figure.controls) {
    const label = make(controls, "label", {htmlFor: id + control.name});
    make(label, "span", {textContent: control.label});
    const box = "checked" in control;
    const input = inputs[control.name] = make(label, "input", {type: box ? "checkbox" : "range", id: id + control.name});
    if (box) input.checked = control.checked;
    else values[control.name] = make(label, "output", {htmlFor: input.id});
  }
  const svg = shape(make(div, "div", {className: "figure"}), "svg", {viewBox: "0 0 700 " + figure.height, role: "img"});
  const list = make(div, "dl", {ariaLive: "polite"});
  for (const [name, text] of figure.outputs) {
    const item = make(list, "div");
    make(item, "dt", {textContent: text});
    outputs[name] = make(item, "dd");
  }

  const state = {};
  for (const c of figure.controls) state[c.name] = "checked" in c ? c.checked : c.value;
  const redraw = () => {
    for (const c of figure.controls) {
      const input = inputs[c.name];
      if ("checked" in c) {
        input.checked = state[c.name];
        continue;
      }
      const max = typeof c.max === "function" ? c.max(state) : c.max;
      state[c.name] = Math.min(max, Math.max(c.min, state[c.name]));
      Object.assign(input, {min: c.min, max: max, step: 1});
      input.value = state[c.name];
      values[c.name].textContent = c.show ? c.show(state) : state[c.name];
    }
    const numbers = figure.compute(state);
    for (const [name] of figure.outputs) outputs[name].textContent = show(numbers[name]);
    svg.replaceChildren();
    shape(svg, "title", {}, figure.title);
    figure.draw(svg, state, numbers, change => {
      Object.assign(state, change);
      redraw();
    });
  };
  for (const [name, input] of Object.entries(inputs))
    input.addEventListener("input", () => {
      state[name] = input.type === "checkbox" ? input.checked : Number(input.value);
      redraw();
    });
  redraw();
  interactive.places.push({name: div.dataset.figure, figure, inputs, outputs, svg});
}

/// Sets a figure's controls as a reader would and compares what it shows with numbers computed elsewhere:
/// expected[name] = [{state: {...}, click: {mark: class, index}, numbers: {...}, marks: {class: how many}}], where a click
/// comes after the controls are set. Used by the documentation's check.
interactive.check = function (expected, problem) {
  for (const {name, inputs, outputs, svg} of interactive.places) {
    const cases = expected[name];
    if (!cases) problem("no expected numbers for the figure " + name);
    for (const input of Object.values(inputs)) {
      input.focus();
      if (document.activeElement !== input || !input.labels.length) problem(name + ": " + input.id + " is not for keyboards");
    }
    for (const {state, click, numbers, marks} of cases || []) {
      for (const [control, value] of Object.entries(state)) {
        const input = inputs[control];
        if (input.type === "checkbox") input.checked = value;
        else input.value = value;
        input.dispatchEvent(new Event("input"));
      }
      if (click)
        svg.querySelectorAll("." + click.mark)[click.index].dispatchEvent(new MouseEvent("click", {bubbles: true}));
      const where = name + " " + JSON.stringify(state) + ": ";
      for (const [key, value] of Object.entries(numbers)) {
        const shown = shownNumber(outputs[key].textContent);
        const close = value === null ? shown === null : shown !== null && Math.abs(shown - value) <= 6e-4 * Math.abs(value);
        if (!close) problem(where + key + " is shown as " + outputs[key].textContent + ", expected " + value);
      }
      for (const [mark, count] of Object.entries(marks || {})) {
        const drawn = svg.querySelectorAll("." + mark).length;
        if (drawn !== count) problem(where + drawn + " marks ." + mark + " are drawn, expected " + count);
      }
    }
  }
};

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".interactive").forEach((div, i) => {
    const figure = interactive.figures[div.dataset.figure];
    if (figure) place(div, figure, "figure" + i + "-");
    else console.error("no interactive figure is called " + div.dataset.figure);
  });
});
