// The lower half of the panel: a failure in full, an error of the compiler, hints, changes, or what to do next.
"use strict";

function drawTest(s, test) {
  const failed = failures(s);
  const place = failed.indexOf(test);
  if (place >= 0) {
    const where = (test.ended ? "" : "Before: ") + "failure " + (place + 1) + " of " + failed.length;
    const line = addElement(study.sheet, "p", "study-place", where);
    const go = step => () => {
      study.chosen = failed[(place + step + failed.length) % failed.length].id;
      study.draw();
    };
    if (failed.length > 1) {
      const ways = addElement(line, "span", "study-ways");
      addButton(ways, "previous", go(-1));
      addButton(ways, "next", go(1));
    }
  }
  const heading = addElement(study.sheet, "h3", "study-name " + kindOf(test.verdict), signOf(test.verdict) + " " + test.name);
  addElement(heading, "small", "", test.verdict.spoken);
  if (test.message) drawCases(test.message);
  if (test.verdict.name === "crashed" && s.crash.includes('"' + test.name + '"')) addText(study.sheet, s.crash);
  for (const remark of test.remarks) addElement(study.sheet, "p", "study-remark", remark);
  drawOutput(test.output);
  drawCounts(test.counts);
}

/// A test tells several calls that went wrong, each after a line like "softmax([2, 3])". The first is what to look at.
function drawCases(message) {
  const [first, ...others] = message.split(/\n(?=[A-Za-z_][\w:]*\()/);
  addText(study.sheet, first);
  if (!others.length) return;
  const more = addFold(study.sheet, plural(others.length, "more case"));
  for (const one of others) addText(more, one);
}

function drawOutput(output) {
  if (!output) return;
  addElement(study.sheet, "h4", "", "Your program printed");
  addText(study.sheet, output, "study-output");
}

function drawCounts(counts) {
  const names = Object.keys(counts);
  if (!names.length) return;
  const more = addFold(study.sheet, "What was counted");
  const table = addElement(more, "dl");
  for (const name of names) {
    addElement(table, "dt", "", name.replaceAll("_", " "));
    addElement(table, "dd", "", typeof counts[name] === "number" ? counts[name].toLocaleString("en") : counts[name]);
  }
}

function drawProblem(s) {
  const ours = s.phase === "failed";
  addElement(study.sheet, "h3", "study-name bad", ours ? "The workbook could not judge" : "Your file does not compile");
  if (!ours) addElement(study.sheet, "p", "", "Repair this first error; the rest may follow from it.");
  addText(study.sheet, s.problem);
}

function drawPassed(s) {
  const all = s.passed === s.total;
  addElement(study.sheet, "h3", "study-name " + (all ? "good" : "open"), all ? "✓ All tests pass" :
    s.passed + " of " + plural(s.total, "test") + " pass");
  if (!all) addElement(study.sheet, "p", "", "The others are not started, or this machine cannot run them.");
  if (s.next) {
    const next = addElement(study.sheet, "p", "", "Next: ");
    addElement(next, "a", "", "lesson " + s.next.number + ", " + s.next.title).href = "/" + s.next.page;
  }
  for (const one of s.tests.filter(each => each.remarks?.length)) {
    addElement(study.sheet, "h4", "", one.name);
    for (const remark of one.remarks) addElement(study.sheet, "p", "study-remark", remark);
  }
}

function drawWork(s) {
  if (s.phase === "failed" || s.problem) return drawProblem(s);
  const test = shownTest(s);
  if (test) return drawTest(s, test);
  if (s.phase !== "judged") return;
  if (s.verdict.name === "not_started") {
    const exercise = exerciseNow(s);
    const name = "TODO(" + exercise.todo + ") " + exercise.function;
    addElement(study.sheet, "h3", "study-name", name + " is not started");
    addElement(study.sheet, "p", "", "Edit " + s.lesson.files.join(", ") + ". Save it, and its tests run at once.");
    return drawBackup();
  }
  drawPassed(s);
}

function drawHints(hints) {
  addElement(study.sheet, "h3", "study-name", "Hints for TODO(" + hints.todo + ") " + hints.function);
  const items = addElement(study.sheet, "ol", "study-hints");
  for (const hint of hints.hints) {
    const item = addElement(items, "li");
    hint.split("`").forEach((part, i) => i % 2 ? addElement(item, "code", "", part) : item.append(part));
  }
  if (hints.hints.length < hints.levels)
    addButton(study.sheet, "Hint " + (hints.hints.length + 1) + " of " + hints.levels, () => showHint(true));
  else addElement(study.sheet, "p", "", "There are no more hints for this TODO.");
}

function drawChanges(changes) {
  addButton(study.sheet, study.wide ? "narrow view" : "wide view", () => {
    study.wide = !study.wide;
    study.draw();
  }, "study-widen", "widen");
  addElement(study.sheet, "h3", "study-name", "What you changed");
  if (!changes) return addElement(study.sheet, "p", "", "The file is as it was handed out.");
  const block = addElement(study.sheet, "pre", "study-changes");
  for (const line of changes.split("\n"))
    addElement(block, "span", /^(---|\+\+\+)/.test(line) ? "file" : line[0] === "+" ? "more" : line[0] === "-" ? "less" :
      line[0] === "@" ? "place" : "", line + "\n");
}

function drawReset() {
  addElement(study.sheet, "h3", "study-name", "Go back to the file as it was handed out?");
  addElement(study.sheet, "p", "", "Your work is kept in .workbook/backups, and you can put it back.");
  addButton(study.sheet, "Reset the file", writeFiles("reset"), "study-danger");
  addButton(study.sheet, "Keep my file", () => showPane(null));
  drawBackup();
}

/// The student has confirmed it by this click.
function writeFiles(how) {
  return async () => {
    const answer = await askWorkbook(how, {lesson: study.lesson, confirmed: true});
    study.pane = {name: "said", said: answer.said ?? [answer.problem]};
    study.draw();
  };
}

/// Work that the last reset kept and that is not in the file.
function drawBackup() {
  if (!study.state.backup.length) return;
  addElement(study.sheet, "p", "", "Your work from before the last reset is in " + study.state.backup.join(", ") + ".");
  addButton(study.sheet, "Put it back …", () => showPane({name: "restore"}));
}

function drawNoBackup() {
  addElement(study.sheet, "p", "", "The file is as the last reset kept it.");
  addButton(study.sheet, "Keep my file", () => showPane(null));
}

function drawRestore() {
  addElement(study.sheet, "h3", "study-name", "Put your work from before the reset back into the file?");
  addElement(study.sheet, "p", "", "It comes from " + study.state.backup.join(", ") + ". What you have written since is kept in " +
    ".workbook/backups.");
  addButton(study.sheet, "Put my work back", writeFiles("restore"), "study-danger");
  addButton(study.sheet, "Keep my file", () => showPane(null));
}

function drawPane() {
  if (study.pane.name !== "reset" && study.pane.name !== "restore") addButton(study.sheet, "back", () => showPane(null), "study-back");
  if (study.pane.name === "restore" && !study.state.backup.length) return drawNoBackup();
  if (study.pane.name === "hints") drawHints(study.pane);
  else if (study.pane.name === "changes") drawChanges(study.pane.changes);
  else if (study.pane.name === "reset") drawReset();
  else if (study.pane.name === "restore") drawRestore();
  else for (const sentence of study.pane.said) addElement(study.sheet, "p", "", sentence);
}

function drawDetail(s, place) {
  // While a file is compiled, what was known before stays to be read.
  const old = s.phase === "building" && study.judged !== null;
  place.classList.toggle("old", !study.pane && old);
  document.documentElement.classList.toggle("study-wide", study.wide && study.pane?.name === "changes");
  redraw(place, () => {
    if (study.pane) return drawPane();
    drawWork(old ? study.judged : s);
    if (!s.warnings) return;
    addElement(study.sheet, "h4", "", "The compiler warns");
    addText(study.sheet, s.warnings, "study-warnings");
  });
}

function showPane(next) {
  study.pane = next;
  if (study.state) study.draw();
}

/// Those that were taken before. `more`: and the next one.
async function showHint(more) {
  const todo = study.pane?.name === "hints" ? study.pane.todo : exerciseNow(study.state).todo;
  const answer = await askWorkbook("hint", {lesson: study.lesson, todo, more});
  showPane(answer.problem ? {name: "said", said: [answer.problem]} : {name: "hints", ...answer});
}

async function showChanges() {
  const answer = await askWorkbook("changes?lesson=" + encodeURIComponent(study.lesson));
  showPane(answer.problem ? {name: "said", said: [answer.problem]} : {name: "changes", ...answer});
}
