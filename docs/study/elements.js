// What the panel's scripts share: elements whose text is text, marks of verdicts, and questions to the server. Text from the
// student's program is only ever put into the page as text.
"use strict";

/// What the panel knows and shows.
const study = {
  lesson: document.currentScript.dataset.lesson,  // id of the page's lesson; empty on the list of lessons
  state: null,   // the last snapshot of that lesson
  judged: null,  // the last one with a verdict
  chosen: null,  // id of the test that the student looks at
  pane: null,    // {name, ...} of the hints, the changes, the question of reset or an answer; null: the failure
  wide: false,   // whether the changes may cover the text
  fields: {},    // of the predictions, by label: {input, said, told}; told: the prediction once its answer was told
  folds: null,   // the parts of the text that hide the answers
  sheet: null,   // what is drawn into at the moment
};

const studySigns = {passed: "✓", not_started: "○", not_verifiable_here: "–"};

/// An element inside of `parent`. Its text is text, whatever it looks like.
function addElement(parent, tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== "") element.textContent = text;
  return parent.appendChild(element);
}

/// `key` tells which one it is when the panel is drawn again.
function addButton(parent, text, action, className = "", key = text) {
  const made = addElement(parent, "button", className, text);
  made.type = "button";
  made.dataset.key = key;
  made.addEventListener("click", action);
  return made;
}

const plural = (n, word) => n + " " + word + (n === 1 ? "" : "s");
const signOf = verdict => !verdict ? "·" : studySigns[verdict.name] ?? "✗";
const kindOf = verdict => !verdict ? "unknown" : verdict.failure ? "bad" : verdict.name === "passed" ? "good" : "open";

/// What unfolds at a click, and stays so when the panel is drawn again.
function addFold(parent, text) {
  const made = addElement(parent, "details");
  addElement(made, "summary", "", text).dataset.key = text;
  return made;
}

/// Draws `place` again if it would look different. What has the focus keeps it, and what was unfolded stays so.
function redraw(place, drawInto) {
  study.sheet = document.createElement("div");
  drawInto(study.sheet);
  if (place.drawn === study.sheet.innerHTML) return;
  place.drawn = study.sheet.innerHTML;
  const focus = place.contains(document.activeElement) ? document.activeElement.dataset.key ?? "" : null;
  const unfolded = [...place.querySelectorAll("details[open] > summary")].map(one => one.dataset.key);
  place.replaceChildren(...study.sheet.childNodes);
  for (const one of place.querySelectorAll("summary"))
    if (unfolded.includes(one.dataset.key)) one.parentElement.open = true;
  if (focus === null) return;
  const again = [...place.querySelectorAll("[data-key]")].find(one => one.dataset.key === focus && !one.disabled);
  (again ?? place).focus({preventScroll: true});
}

/// A mark with the verdict's name for those who do not see it.
function addMark(parent, verdict, old) {
  const made = addElement(parent, "span", "study-mark " + kindOf(verdict) + (old ? " old" : ""), signOf(verdict));
  made.title = verdict ? verdict.spoken : "not judged yet";
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", made.title);
  return made;
}

/// Text in lines, with the cells of error maps in colour. A sentence is broken where the panel ends; maps, code and tables
/// keep their columns.
function addText(parent, text, className = "") {
  const block = addElement(parent, "pre", className);
  for (const line of text.replace(/\n+$/, "").split("\n")) {
    const sentence = /^\S/.test(line) && !/[█▓▒░]| {3}/.test(line);
    const row = addElement(block, "span", sentence ? "study-line sentence" : "study-line");
    for (const part of line.split(/([█▓▒░]+)/))
      if (/^[█▓▒░]/.test(part)) addElement(row, "span", "study-cells", part);
      else row.append(part);
    row.append("\n");
  }
  return block;
}

async function askWorkbook(path, question) {
  const options = question && {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(question)};
  try {
    const answer = await fetch("/study/" + path, options);
    return await answer.json();
  } catch {
    return {problem: "The workbook does not answer. Is ./workbook study still running?"};
  }
}

/// Whether its verdicts are of a run before: nothing was judged yet since the file was saved.
const isOld = snapshot => snapshot.phase !== "judged" || snapshot.problem !== "";

function failures(snapshot) {
  const order = snapshot.exercises.map(exercise => exercise.function);
  return snapshot.tests.filter(test => test.verdict?.failure)
    .sort((a, b) => order.indexOf(a.function) - order.indexOf(b.function));
}

/// The exercise that comes next, as the command line has it: one that fails, else one that does not pass.
function exerciseNow(snapshot) {
  const shown = shownTest(snapshot);
  return snapshot.exercises.find(exercise => exercise.function === shown?.function) ??
    snapshot.exercises.find(exercise => exercise.verdict?.failure) ??
    snapshot.exercises.find(exercise => exercise.verdict?.name !== "passed") ?? snapshot.exercises[0];
}

function shownTest(snapshot) {
  return snapshot.tests.find(test => test.id === study.chosen && test.verdict) ?? failures(snapshot)[0];
}
