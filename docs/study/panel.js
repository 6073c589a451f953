// The panel beside a lesson's text: what the tests say of the student's file, from `./workbook study`. It draws itself again
// with each of the server's snapshots.
"use strict";

(() => {
  const root = document.documentElement;
  const NARROW = matchMedia("(max-width: 1100px)");
  let source = null;  // the stream of snapshots
  let stopped = false;  // it has broken off
  const panel = document.createElement("aside");
  panel.id = "study";
  panel.className = "tex2jax_ignore mathjax_ignore";
  panel.setAttribute("aria-label", "Your file");
  addSkip(panel, "Back to the text", () => document.querySelector(".contents"));
  const head = addElement(panel, "header");
  const toggle = addButton(head, "", () => setOpen(!root.classList.contains("study-open")), "study-toggle");
  const title = addElement(toggle, "strong", "", "Your file");
  const pill = addElement(toggle, "span", "study-pill", "connecting");
  const points = addElement(toggle, "span", "study-points");
  toggle.setAttribute("aria-controls", "study-body");
  const body = addElement(panel, "div");
  body.id = "study-body";
  const status = addElement(body, "p", "study-status");
  status.setAttribute("aria-live", "polite");
  const board = addElement(body, "div", "study-board");
  const buttons = addElement(body, "div", "study-buttons");
  const detail = addElement(body, "section", "study-detail");
  const lessons = addElement(body, "details", "study-lessons");
  addElement(lessons, "summary", "", "All lessons");
  const list = addElement(lessons, "ul");

  for (const one of [board, detail, list]) one.tabIndex = -1; // the focus goes there when its control is no more

  /// A link for the keyboard, which is seen while it has the focus.
  function addSkip(parent, words, target) {
    const made = addElement(parent, "a", "study-skip", words);
    made.href = "#";
    made.addEventListener("click", event => {
      event.preventDefault();
      target().focus();
    });
    return made;
  }

  function setOpen(open) {
    root.classList.toggle("study-open", open);
    toggle.setAttribute("aria-expanded", String(open));
  }

  // ---- The board of the lesson.

  function drawHead(s) {
    const busy = s.phase === "building" || s.phase === "running" || s.phase === "waiting";
    const words = busy ? (s.phase === "running" ? "testing" : "building")
      : s.phase === "failed" ? "could not judge"
      : s.verdict.name === "not_started" && s.passed > 0 ? "under way" : s.verdict.spoken;
    title.textContent = "Lesson " + s.lesson.number;
    pill.textContent = words;
    pill.className = "study-pill " + (busy ? "busy" : s.phase === "failed" ? "bad" : kindOf(s.verdict));
    points.textContent = s.max_points && (!busy || s.total > 0) ? s.points + "/" + s.max_points : "";
    points.title = s.points + " of " + s.max_points + " points";
  }

  let ended = "";  // in which run, and how many of its tests
  let isSlow = false;  // no other test has ended for some seconds
  let slowTimer = 0;

  /// Tests tell only when they end. They run in the order of the board, several at a time.
  function progressOf(s) {
    const left = s.tests.filter(test => !test.ended);
    if (!isSlow || !left.length) return s.tests.length - left.length + " of " + plural(s.tests.length, "test") + " ended.";
    return "Still waiting for “" + left[0].name + "”" + (left.length > 1 ? " and " + plural(left.length - 1, "more test") : "") +
      ". A call that never returns is stopped after some seconds.";
  }

  function watchProgress(s) {
    const now = s.phase === "running" ? s.run + "/" + s.tests.filter(test => test.ended).length : "";
    if (now === ended) return;
    ended = now;
    isSlow = false;
    clearTimeout(slowTimer);
    if (now) slowTimer = setTimeout(() => {
      isSlow = true;
      drawStatus(study.state);
    }, 3000);
  }

  function drawStatus(s) {
    watchProgress(s);
    let text = "";
    if (s.phase === "building" && s.build_steps > 3) text = "Building: " + s.built + " of " + s.build_steps + " steps are done.";
    else if (s.phase === "building" || s.phase === "waiting") text = "Your file is being compiled.";
    else if (s.phase === "running" && s.total > 0)
      text = "All tests have ended. Looking closer at the crash.";
    else if (s.phase === "running") text = progressOf(s);
    else if (s.problem) text = "No test has run.";
    else if (s.total > 0)
      text = s.passed + " of " + plural(s.total, "test") + " passed in " + s.seconds.toFixed(1) + " s.";
    if (!s.kept) text += " The file was saved while it was compiled: run the tests again.";
    if (s.notices) text += " " + s.notices;
    if (status.textContent !== text.trim()) status.textContent = text.trim(); // it is read aloud
  }

  function drawBoard(s) {
    for (const exercise of s.exercises) {
      const row = addElement(study.sheet, "div", "study-exercise");
      addMark(row, exercise.verdict, isOld(s));
      addElement(row, "span", "study-function", "TODO(" + exercise.todo + ") " + exercise.function);
      const marks = addElement(row, "span", "study-tests");
      for (const test of s.tests.filter(one => one.function === exercise.function)) {
        const one = addButton(marks, signOf(test.verdict), () => {
          study.chosen = study.chosen === test.id ? null : test.id; // a second click closes it
          study.pane = null;
          study.draw();
        }, "study-test " + kindOf(test.verdict) + (test.ended ? "" : " old") + (shownTest(s) === test ? " chosen" : ""), exercise.todo + " " + test.id);
        one.title = test.name + (test.verdict ? ": " + test.verdict.spoken : "");
        one.setAttribute("aria-label", one.title);
        one.disabled = !test.verdict;
      }
    }
  }

  // ---- The board of all lessons.

  function drawLessons(all) {
    for (const lesson of all) {
      const item = addElement(study.sheet, "li");
      addMark(item, lesson.verdict);
      const link = addElement(item, "a", "", lesson.number + " · " + lesson.title);
      link.href = "/" + lesson.page;
      link.dataset.key = lesson.id;
      if (lesson.id === study.lesson) link.setAttribute("aria-current", "page");
      if (lesson.max_points) addElement(item, "span", "study-points", lesson.points + "/" + lesson.max_points);
    }
  }

  /// Shows a test of an exercise: one that failed, or the first that is known.
  study.show = function (name) {
    const known = study.state.tests.filter(test => test.function === name && test.verdict);
    study.chosen = (known.find(test => test.verdict.failure) ?? known[0])?.id ?? null;
    setOpen(true);
    showPane(null);
  };

  // ---- Snapshots come in.

  study.draw = function () {
    drawHead(study.state);
    drawStatus(study.state);
    redraw(board, () => drawBoard(study.state));
    drawDetail(study.state, detail);
    drawMarksInText(study.state);
    drawPredictions(study.state);
    for (const one of buttons.children) one.disabled = false;
    if (stopped) drawStopped();
    panel.dataset.run = study.state.run;
    panel.dataset.phase = study.state.phase;
  };

  /// What is known stays to be read, but it is no longer so for sure.
  function drawStopped() {
    clearTimeout(slowTimer);
    pill.textContent = "not connected";
    pill.className = "study-pill bad";
    const number = study.state ? " " + study.state.lesson.number : "";
    status.textContent = "The workbook has stopped, or it does not answer. This page shows how things were before. To go on, run " +
      "“./workbook study" + number + "” in a terminal and open the new address that it prints.";
    for (const one of buttons.children) one.disabled = true;
  }

  function setStopped(now) {
    stopped = now;
    root.classList.toggle("study-stopped", now);
    if (now) drawStopped();
  }

  function take(snapshot) {
    setStopped(false);
    redraw(list, () => drawLessons(snapshot.lessons));
    if (snapshot.lesson.id === study.lesson) {
      const seen = snapshot.tests.find(one => one.id === study.chosen);
      if (study.state?.run !== snapshot.run) study.failing = seen?.verdict?.failure;
      if (study.failing && seen?.verdict?.name === "passed") study.chosen = null; // it is repaired: on to the next one
      if (study.state && study.state.run !== snapshot.run) {
        if (!seen?.verdict?.failure) study.chosen = null; // who saves wants to know what fails now
        if (study.pane?.name === "said" && study.pane.read) study.pane = null; // it speaks of the file before
        else if (study.pane?.name === "said") study.pane.read = true; // the run that it has caused itself
      }
      study.state = snapshot;
      if (snapshot.phase === "judged") study.judged = snapshot;
      study.draw();
    } else if (study.state) {
      status.textContent = "Lesson " + snapshot.lesson.number + ", in another window, is followed now. ";
      addButton(status, "Follow this one", connect);
    }
  }

  function disconnect() {
    source?.close();
    source = null;
  }

  function connect() {
    disconnect();
    source = new EventSource("/study/events?lesson=" + encodeURIComponent(study.lesson));
    source.onmessage = event => take(JSON.parse(event.data));
    source.onerror = () => setStopped(true);
  }

  // ---- The page.

  if (study.lesson) {
    keepPanel();
    for (const [text, action] of [["Hint", () => showHint(false)], ["Changes", showChanges],
      ["Run again", () => askWorkbook("judge", {lesson: study.lesson})], ["Reset …", () => showPane({name: "reset"})]])
      addButton(buttons, text, action).disabled = true;
  } else {
    for (const part of [pill, points, status, board, buttons, detail]) part.remove();
    title.textContent = "Your lessons";
    lessons.open = true;
  }
  if (root.classList.contains("plain")) {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => root.classList.toggle("dark-mode", dark.matches);
    dark.addEventListener("change", follow);
    follow();
  }
  panel.addEventListener("keydown", event => {
    if (event.key !== "Escape") return;
    study.chosen = null;
    showPane(null);
  });
  root.classList.add("study-page");
  root.classList.toggle("study-lesson", study.lesson !== "");
  document.body.append(panel);
  document.querySelector(".contents").tabIndex = -1;
  document.body.prepend(addSkip(document.body, "Skip to the panel", () => {
    setOpen(true);
    return toggle;
  }));
  setOpen(!NARROW.matches);
  NARROW.addEventListener("change", () => setOpen(!NARROW.matches));
  // A browser holds few connections to a server: a page that nobody sees gives its own back.
  document.addEventListener("visibilitychange", () => document.hidden ? disconnect() : connect());
  if (!document.hidden) connect();
})();
