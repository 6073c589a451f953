// What the panel adds to the text of a lesson: marks beside the exercises, fields for what the student predicts, and a fold
// over the answers until the tests have shown them.
"use strict";

function drawMarksInText(s) {
  for (const cell of document.querySelectorAll(".contents td:first-child")) {
    const todo = cell.firstChild?.textContent.match(/^\s*TODO\((\d+)\)/)?.[1];
    const exercise = s.exercises.find(one => one.todo === Number(todo));
    if (!exercise) continue;
    const mark = cell.querySelector(".study-mark") ?? addButton(cell, "", () => study.show(exercise.function));
    mark.className = "study-mark " + kindOf(exercise.verdict) + (isOld(s) ? " old" : "");
    mark.textContent = signOf(exercise.verdict);
    mark.title = exercise.verdict?.spoken ?? "not judged yet";
    mark.setAttribute("aria-label", "TODO(" + exercise.todo + "): " + mark.title);
  }
}

/// A link to a page that has no panel opens beside this one.
function keepPanel() {
  for (const link of document.querySelectorAll(".contents a[href]")) {
    const to = new URL(link.href, location);
    if (to.origin === location.origin && /^\/((lesson_\w+|index)\.html)?$/.test(to.pathname)) continue;
    link.target = "_blank";
    link.rel = "noopener";
  }
}

function makeFields(s) {
  const question = [...document.querySelectorAll(".contents blockquote")].find(one => /^\W*Predict/.test(one.textContent));
  const box = document.createElement("form");
  box.className = "study-predictions tex2jax_ignore mathjax_ignore";
  box.addEventListener("submit", event => event.preventDefault());
  if (question) question.after(box);
  else document.querySelector(".contents").append(box);
  addElement(box, "strong", "", "Your predictions");
  for (const one of s.predictions) {
    const row = addElement(box, "label");
    const letter = /^[a-z]\d?$/.test(one.label) ? "(" + one.label[0] + ") " : "";
    addElement(row, "span", "study-asks", letter + one.asks);
    const input = addElement(row, "input");
    Object.assign(input, {type: "text", autocomplete: "off", name: one.label, value: one.yours});
    addElement(row, "span", "study-unit", one.unit);
    const said = addElement(box, "p", "study-said");
    said.setAttribute("aria-live", "polite");
    const field = study.fields[one.label] = {input, said};
    input.addEventListener("input", () => said.textContent = field.problem = tooLong(input.value));
    input.addEventListener("change", () => keepPrediction(one.label, field));
  }
}

function tooLong(text) {
  const length = [...text.trim()].length, most = study.state.longest_prediction;
  return length <= most ? "" : "A prediction may have " + most + " characters. This one has " + length + ", and it is not kept.";
}

async function keepPrediction(label, field) {
  const text = field.input.value;
  field.problem = tooLong(text);
  if (!field.problem) {
    const answer = await askWorkbook("prediction", {lesson: study.lesson, label, text});
    if (field.input.value !== text) return; // the answer came too late: there is another text by now
    field.problem = answer.problem;
  }
  if (field.problem) field.said.textContent = field.problem;
}

/// The parts of the text that tell an answer, each a list of elements that follow each other: the end of "What you should see",
/// from the first paragraph about the predictions or their tests on, and what is quoted of these tests elsewhere.
function partsWithAnswers(s) {
  const tests = s.predictions.map(one => one.test);
  const words = block => block.textContent.replace(/\s+/g, " ").trim();
  const tells = block => /^(your (\w+ )?)?predictions?\b/i.test(words(block)) || tests.some(name => words(block).includes(name));
  const headings = [...document.querySelectorAll(".contents :is(h1, h2)")];
  const heading = headings.find(one => words(one) === "What you should see");
  const section = [];
  for (let next = heading?.nextElementSibling; next && next.tagName !== heading.tagName; next = next.nextElementSibling)
    section.push(next);
  const quoted = [...document.querySelectorAll(".contents :is(pre, .fragment)")].filter(block => !section.includes(block) &&
    !block.parentElement.closest(".fragment") && tests.some(name => words(block).includes("✓ " + name)));
  const parts = quoted.map(block => [block]);
  if (section.length) parts.push(section.slice(Math.max(section.findIndex(tells), 0)));
  return parts;
}

/// A formula that was drawn while nobody saw it has no size.
function drawFormulas(place) {
  window.MathJax?.Hub?.Queue(["Rerender", window.MathJax.Hub, place]);
}

function foldAnswers(s) {
  study.folds = partsWithAnswers(s).map(part => {
    const fold = document.createElement("details");
    fold.className = "study-answers";
    part[0].before(fold);
    addElement(fold, "summary", "", "This part tells the answers to the predictions. It opens when your code passes the tests " +
      "that measure them. You may open it now.");
    fold.append(...part);
    fold.addEventListener("toggle", () => drawFormulas(fold), {once: true});
    return fold;
  });
}

/// Puts the parts back where they were: there is nothing to hide any more.
function unfoldAnswers() {
  for (const fold of study.folds) {
    const parent = fold.parentElement;
    fold.firstElementChild.remove();
    fold.replaceWith(...fold.childNodes);
    drawFormulas(parent);
  }
  study.folds = [];
}

function drawPredictions(s) {
  if (!s.predictions.length) return;
  if (!study.folds) {
    makeFields(s);
    foldAnswers(s);
  }
  for (const one of s.predictions) {
    const field = study.fields[one.label];
    if (one.answer && !field.told) {
      field.input.blur(); // what was typed so far is the prediction
      field.input.readOnly = true;
    }
    if (one.answer) field.told = one;
    drawPrediction(one, field);
  }
  if (s.predictions.every(one => study.fields[one.label].told)) unfoldAnswers();
}

const studyMarks = {right: "✓ Your prediction is right.", near: "≈ Your prediction is within 10 % of it.",
  wrong: "✗ Your prediction differs from it."};

/// An answer that was told stays there, even if the student's next change breaks its test.
function drawPrediction(one, {input, said, told, problem}) {
  if (problem) return; // what was typed stays to be mended
  if (document.activeElement !== input) input.value = one.yours;
  said.textContent = "";
  if (!told) {
    if (one.yours) said.textContent = "Kept. The answer appears when your code passes the test that shows it.";
    return;
  }
  if (one.yours) said.append("You predicted " + one.yours + ". ");
  said.append("The answer is ");
  addElement(said, "strong", "", (told.answer + " " + told.unit).trim());
  said.append(". The test “" + told.test + "” checks it and has passed. ");
  if (told.mark && one.yours) addElement(said, "strong", "study-" + told.mark, studyMarks[told.mark]);
  for (const remark of told.remarks) addElement(said, "span", "study-remark", "Measured: " + remark);
}
