// What the panel adds to the text of a lesson: marks beside the exercises, and fields for what the student predicts.
"use strict";

function drawMarksInText(s) {
  for (const cell of document.querySelectorAll(".contents td:first-child")) {
    const todo = cell.firstChild?.textContent.match(/^\s*TODO\((\d+)\)/)?.[1];
    const exercise = s.exercises.find(one => one.todo === Number(todo));
    if (!exercise) continue;
    cell.querySelector(".study-mark")?.remove();
    addMark(cell, exercise.verdict, isOld(s));
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
    Object.assign(input, {type: "text", maxLength: 40, autocomplete: "off", name: one.label, value: one.yours});
    addElement(row, "span", "study-unit", one.unit);
    const said = addElement(box, "p", "study-said");
    said.setAttribute("aria-live", "polite");
    input.addEventListener("change", async () => {
      const answer = await askWorkbook("prediction", {lesson: study.lesson, label: one.label, text: input.value});
      if (answer.problem) said.textContent = answer.problem;
    });
    study.fields[one.label] = {input, said};
  }
}

function drawPredictions(s) {
  if (!s.predictions.length) return;
  if (!Object.keys(study.fields).length) makeFields(s);
  for (const one of s.predictions) {
    const {input, said} = study.fields[one.label];
    if (document.activeElement !== input) input.value = one.yours;
    said.textContent = "";
    if (!one.answer) {
      if (one.yours) said.textContent = "Kept. The answer appears when your code passes the test that shows it.";
      continue;
    }
    if (one.yours) said.append("You predicted " + one.yours + ". ");
    said.append("The answer is ");
    addElement(said, "strong", "", (one.answer + " " + one.unit).trim());
    said.append(". The test “" + one.test + "” checks it and has passed.");
    for (const remark of one.remarks) addElement(said, "span", "study-remark", "Measured: " + remark);
  }
}
