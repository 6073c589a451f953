#!/usr/bin/env python3
"""Opens a lesson's page of `study` in a browser without a window, saves the student's file in every state, and reads the
panel. 77: there is no Chromium.
    browser_test.py REPOSITORY COMMAND_LINE_PROGRAM STUDY_PROGRAM
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from page import PANEL, Page  # noqa: E402
from study_tree import PAGE  # noqa: E402
from watch_tree import PRISTINE, RIGHT, STUB, TREE, WRONG, content, source, write_in_place  # noqa: E402

SCRIPT = "<script>window.stolen = 1</script><img src=x onerror='window.stolen = 1'>"


class Panel(Page):
    def test_a_save_changes_the_panel(self):
        self.assertEqual(self.browser.value("location.pathname + location.search"), PAGE)
        self.browser.value("window.sameVisit = true")
        write_in_place(WRONG)
        self.shows("Lesson 01", "wrong", "5 of 6 tests", "10/12", "✗ two and three")
        write_in_place(source("return a + b;", verdicts=["carries crashed", "rounds wrong"]))
        self.shows("crashed", "failure 1 of 2", "✗ carries")
        self.click("next")
        self.shows("failure 2 of 2", "✗ rounds")
        self.click("previous")
        self.shows("failure 1 of 2", "✗ carries")
        write_in_place("int a = ;\n")
        self.shows("does not compile", "expected primary-expression", "No test has run.")
        write_in_place(RIGHT)
        self.shows("passed", "All tests pass", "workspace 6 KiB", "lesson 02")
        self.assertTrue(self.browser.value("window.sameVisit"), "without a reload")

    def test_the_first_of_several_cases_is_shown(self):
        write_in_place(source("return a - b;", says="add(1, 2)\nexpected 3, got -1\nadd(2, 2)\nexpected 4, got 0\nadd(1, 1)\nexpected 2"))
        self.shows("wrong", "2 more cases")
        boxes = f"[...{PANEL}.querySelectorAll('pre:not(.study-output)')].filter(one => one.checkVisibility())"
        shown = f"{boxes}.map(one => one.textContent).join()"
        self.assertEqual(self.browser.value(shown), "add(1, 2)\nexpected 3, got -1\n")
        self.browser.value(f"{PANEL}.querySelector('.study-detail summary').click()")
        self.browser.until(f"{boxes}.length === 3")

    def test_a_test_that_takes_long_is_named(self):
        pipe = f"{TREE}/build/lessons/01_adding/checker.pipe"
        os.mkfifo(pipe)
        write_in_place(source("return a + b;", verdicts=["carries held"]))
        self.shows("testing", "Still waiting for “carries”.")
        open(pipe, "w").close()
        self.shows("All tests pass", "6 of 6 tests passed")
        os.remove(pipe)

    def test_what_the_program_prints_is_text(self):
        write_in_place(source("return a - b;", says=SCRIPT))
        self.shows("wrong", SCRIPT)
        self.assertIsNone(self.browser.value("window.stolen ?? null"))
        self.assertEqual(self.browser.value(f"{PANEL}.querySelectorAll('script, img, iframe').length"), 0)
        self.assertTrue(self.browser.value(f"{PANEL}.classList.contains('tex2jax_ignore')"), "nor is it a formula")

    def test_error_maps_keep_their_columns(self):
        write_in_place(source("return a - b;", says="   row 0 ·██··"))
        self.shows("row 0 ·██··")
        self.assertEqual(self.browser.value(f"{PANEL}.querySelector('.study-cells').textContent"), "██")
        self.assertIn("monospace", self.browser.value(f"getComputedStyle({PANEL}.querySelector('pre')).fontFamily"))

    def test_hints_come_one_at_a_time(self):
        self.click("Hint")
        self.shows("Hints for TODO(1) add", "Concept 1.")
        self.assertNotIn("Invariant 1.", self.text())
        self.click("Hint 2 of 3")
        self.shows("Invariant 1.")
        self.click("back")
        self.shows("TODO(1) add is not started")
        self.click("Hint")
        self.shows("Invariant 1.", "Hint 3 of 3")  # what was read before, and no more

    def test_a_reset_asks_and_keeps_the_work(self):
        write_in_place(WRONG)
        self.shows("wrong")
        self.click("Changes")
        self.shows("+  return a - b;")
        self.click("Reset …")
        self.shows("as it was handed out?")
        self.click("Keep my file")
        self.assertEqual(content(STUB), WRONG)
        self.click("Reset …")
        self.click("Reset the file")
        self.shows("Your work is kept in .workbook/backups/01_adding/", "not started")
        self.assertEqual(content(STUB), PRISTINE)
        self.click("back")
        self.shows("Your work from before the last reset is in .workbook/backups/01_adding/")
        self.click("Put it back …")
        self.shows("back into the file?")
        self.click("Keep my file")
        self.assertEqual(content(STUB), PRISTINE)
        self.click("Put it back …")
        self.click("Put my work back")
        self.shows("is back from", "wrong")
        self.assertEqual(content(STUB), WRONG)
        kept = f"{TREE}/.workbook/backups/01_adding"
        self.assertIn(WRONG, [content(f"{kept}/{name}") for name in os.listdir(kept)])

    def test_the_changes_are_shown_whole(self):
        write_in_place(source("return a - b; // " + "a long remark " * 20))
        self.shows("wrong")
        self.click("Changes")
        self.shows("+++", "a long remark")
        width = f"{PANEL}.getBoundingClientRect().width"
        narrow = self.browser.value(width)
        for words in "wide view", "narrow view":
            self.assertEqual(self.browser.value("(pre => pre.scrollWidth - pre.clientWidth)(document.querySelector('.study-changes'))"), 0)
            self.click(words)
            self.browser.until(f"({width} > 2 * {narrow}) === {'true' if words == 'wide view' else 'false'}")
        self.click("wide view")
        self.click("back")
        self.browser.until(f"{width} === {narrow}")

    def test_the_keyboard_goes_from_the_text_to_the_panel_and_back(self):
        focus = "document.activeElement"
        tab = lambda **how: self.browser.press("Tab", 9, **how)  # noqa: E731
        enter = lambda: self.browser.press("Enter", 13, text="\r")  # noqa: E731
        tab()
        self.browser.until(f"{focus}.textContent === 'Skip to the panel' && {focus}.getBoundingClientRect().left >= 0")
        enter()
        self.browser.until(f"{focus}.matches('#study .study-toggle')")
        tab(shift=True)
        self.browser.until(f"{focus}.textContent === 'Back to the text'")
        enter()
        self.browser.until(f"{focus}.matches('.contents')")

    def test_the_focus_stays_when_the_panel_is_drawn_again(self):
        write_in_place(WRONG)
        self.shows("wrong")
        self.browser.value(f"{PANEL}.querySelector('[data-key=\"2 carries\"]').focus()")
        write_in_place(RIGHT)
        self.shows("All tests pass")
        self.assertEqual(self.browser.value("document.activeElement.title"), "carries: passed")
        self.assertTrue(self.browser.value("document.activeElement.isConnected"))

    def test_the_ring_of_the_focus_is_not_cut(self):
        write_in_place(source("return a + b;", verdicts=["carries wrong", "rounds wrong"]))
        self.shows("failure 1 of 2")
        self.browser.press("Tab", 9)
        cut = self.browser.value(f"""[...{PANEL}.querySelectorAll('button, summary, pre, input, a:not(.study-skip)')].filter(one => {{
            one.focus();
            const style = getComputedStyle(one), ring = one.getBoundingClientRect();
            const width = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
            const room = one.closest('#study-body, #study').getBoundingClientRect();
            return document.activeElement === one && (style.outlineStyle === 'none' || ring.left - width < room.left ||
              ring.right + width > room.right); }}).map(one => one.outerHTML)""")
        self.assertEqual(cut, [])

    def test_a_server_that_has_stopped_leaves_nothing_green(self):
        write_in_place(RIGHT)
        self.shows("All tests pass")
        self.study.end()
        self.shows("not connected", "shows how things were before", "./workbook study 01", "new address")
        self.browser.until(f"getComputedStyle({PANEL}.querySelector('.study-detail')).filter === 'grayscale(1)'")
        self.browser.press("Escape", 27)
        self.shows("not connected", "new address")
        self.assertTrue(self.browser.value(f"{PANEL}.querySelector('.study-buttons button').disabled"))
        self.assertEqual([one for one in self.browser.console if "net::ERR_" not in one], [])
        self.browser.console.clear()

    def test_it_follows_light_dark_and_the_width(self):
        back = f"getComputedStyle({PANEL}).backgroundColor"
        wide = f"{PANEL}.getBoundingClientRect()"
        for scheme, colour in ("light", "rgb(255, 255, 255)"), ("dark", "rgb(22, 27, 34)"):
            self.browser.prefer(scheme)
            self.browser.until(f"{back} === '{colour}'")
        self.assertLess(self.browser.value(f"{wide}.width"), 500)
        self.browser.resize(390, 844)
        self.browser.until(f"{wide}.width === 390 && {wide}.height < 100")
        self.assertEqual(self.browser.value("document.documentElement.scrollWidth"), 390)
        self.browser.value("document.querySelector('.study-toggle').click()")
        self.browser.until(f"{wide}.height > 300 && {wide}.height < 700")

    def test_the_start_page_lists_the_lessons(self):
        self.browser.value("location.href = '/'")
        self.browser.until("location.pathname === '/'")
        self.shows("Your lessons", "01 · Adding", "02 · Adding")

    def test_another_lesson_is_followed_when_its_page_opens(self):
        self.browser.value("document.querySelector('.study-lessons a[href*=\"02_adding_more\"]').click()")
        self.browser.until("location.pathname.includes('02_adding_more')")
        self.shows("Lesson 02", "not started")
        write_in_place(content("lessons/02_adding_more/adding_more.cpp").replace("throw NotImplemented();", "return 5;"),
                       "lessons/02_adding_more/adding_more.cpp")
        self.shows("Lesson 02", "passed")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
