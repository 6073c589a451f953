#!/usr/bin/env python3
"""Opens a lesson's page of `study` in a browser without a window, saves the student's file in every state, and reads the
panel. 77: there is no Chromium.
    browser_test.py REPOSITORY COMMAND_LINE_PROGRAM STUDY_PROGRAM
"""

import json
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chromium  # noqa: E402

if not chromium.is_there():
    print("not checked: chromium is missing")
    sys.exit(77)
from study_tree import PAGE, Study  # noqa: E402
from watch_tree import PRISTINE, RIGHT, STUB, TREE, WRONG, content, source, until, write_in_place  # noqa: E402

PANEL = "document.querySelector('#study')"
SCRIPT = "<script>window.stolen = 1</script><img src=x onerror='window.stolen = 1'>"


class Page(unittest.TestCase):
    options = ()

    def setUp(self):
        write_in_place(PRISTINE)
        if os.path.exists(f"{TREE}/.workbook/predictions.json"):
            os.remove(f"{TREE}/.workbook/predictions.json")
        self.study = Study(*self.options)
        self.browser = chromium.Browser()
        self.browser.open(self.study.address)
        self.shows("not started")

    def tearDown(self):
        console = self.browser.console
        self.browser.close()
        self.assertEqual(self.study.end(), 130)
        self.assertEqual(console, [])

    def text(self):
        return self.browser.value(f"{PANEL}.innerText")

    def shows(self, *texts):
        self.browser.until(" && ".join(f"{PANEL}?.innerText.includes({json.dumps(text)})" for text in texts))

    def click(self, words):
        self.browser.value(f"[...{PANEL}.querySelectorAll('button')].find(one => one.textContent === {json.dumps(words)}).click()")


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

    def test_the_text_has_the_state_of_each_exercise(self):
        marks = "[...document.querySelectorAll('td .study-mark')].map(one => one.title).join()"
        self.browser.until(f"{marks} === 'not started,not started'")
        write_in_place(source("return a + b;", verdicts=["carries wrong"]))
        self.browser.until(f"{marks} === 'passed,wrong'")
        self.browser.value("document.querySelector('td .study-mark').click()")
        self.shows("✓ two and three")
        self.browser.value("document.querySelectorAll('td .study-mark')[1].click()")
        self.shows("✗ carries")

    def test_marks_are_large_enough_for_a_finger(self):
        self.browser.resize(390, 844)
        self.browser.until(f"{PANEL}.getBoundingClientRect().height < 100", "the panel closes on a phone")
        self.browser.value("document.querySelector('.study-toggle').click()")
        self.browser.until(f"{PANEL}.getBoundingClientRect().height > 300")
        small = self.browser.value("""[...document.querySelectorAll('.study-mark, .study-test')].map(one =>
            one.tagName === 'BUTTON' ? one.getBoundingClientRect() : {width: 24, height: 24})
            .filter(one => one.width < 24 || one.height < 24).length""")
        self.assertEqual(small, 0)

    def test_a_page_without_the_panel_opens_beside_it(self):
        links = "[...document.querySelectorAll('.contents a')].map(one => one.target + ' ' + new URL(one.href).host).join()"
        self.assertEqual(self.browser.value(links), f" {self.study.host},_blank example.org")

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

    def test_a_prediction_is_kept_and_compared(self):
        box = "document.querySelector('.study-predictions')"
        self.browser.until(f"{box}?.innerText.includes('(a) 2 + 3')")
        self.assertNotIn("answer", self.browser.value(f"{box}.innerText"))
        self.browser.value(f"(i => {{ i.value = '6'; i.dispatchEvent(new Event('change')); }})({box}.querySelector('input'))")
        self.browser.until(f"{box}.innerText.includes('Kept.')")
        until(lambda: '"6"' in content(".workbook/predictions.json"), "the prediction in its file")
        write_in_place(RIGHT)
        self.browser.until(f"{box}.innerText.includes('You predicted 6. The answer is 5 apples.')")
        self.assertIn("✗ Your prediction differs from it.", self.browser.value(f"{box}.innerText"))
        self.browser.value("location.reload()")
        self.browser.until(f"{box}?.querySelector('input')?.value === '6'")

    def test_a_long_prediction_is_kept_whole_or_refused(self):
        box = "document.querySelector('.study-predictions')"
        self.browser.until(box)

        def typed(text):
            self.browser.value(f"{box}.querySelector('input').focus()")
            self.browser.value(f"{box}.querySelector('input').select()")
            self.browser.call("Input.insertText", text=text)
            self.browser.value(f"{box}.querySelector('input').blur()")

        typed("5" * 200)
        self.browser.until(f"{box}.innerText.includes('Kept.')")
        self.assertIn("5" * 200, content(".workbook/predictions.json"))
        typed("6" * 201)
        self.browser.until(f"{box}.innerText.includes('may have 200 characters. This one has 201')")
        write_in_place(WRONG)
        self.shows("wrong")
        self.assertEqual(self.browser.value(f"{box}.querySelector('input').value"), "6" * 201)
        self.assertNotIn("666", content(".workbook/predictions.json"))

    def test_the_text_tells_an_answer_when_its_test_has_passed(self):
        shown = "document.querySelector('.contents').innerText"
        self.browser.until("document.querySelector('.study-answers')")
        self.browser.until(f"{shown}.includes('It fails at first.') && {shown}.includes('Further reading')")
        self.assertFalse(self.browser.value("document.querySelector('.study-answers').open"))
        self.assertEqual(self.browser.value("[...document.querySelectorAll('.study-answers p')].map(one => one.textContent).join()"),
                         "Prediction (a): five of them.")
        self.assertFalse(self.browser.value("document.querySelector('.study-predictions input').readOnly"))
        write_in_place(RIGHT)
        self.browser.until(f"{shown}.includes('five of them') && !document.querySelector('.study-answers')")
        self.assertTrue(self.browser.value("document.querySelector('.study-predictions input').readOnly"))
        write_in_place(WRONG)
        self.shows("wrong")
        self.assertIn("The answer is 5 apples.", self.browser.value(shown))

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
        self.browser.value(f"{PANEL}.querySelector('[data-key=\"carries\"]').focus()")
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


class BuiltPage(Page):
    options = ("--pages", f"{TREE}/build/docs/html")

    def test_the_text_has_room_beside_the_panel(self):
        navigation = "getComputedStyle(document.querySelector('#side-nav')).display"
        for width, shown in (1101, "none"), (1200, "none"), (1400, "none"), (1679, "none"), (1680, "block"), (1900, "block"):
            self.browser.resize(width)
            self.browser.until(f"innerWidth === {width} && {navigation} === '{shown}'")
            text = self.browser.value("document.querySelector('.contents').clientWidth")
            self.assertGreater(text, 70 * 9, f"70 characters at {width} pixels")
        self.browser.resize(1400)
        self.browser.value("document.querySelector('.study-toggle').click()")
        self.browser.until(f"{navigation} === 'block'", "the navigation, when the panel is closed")

    def test_the_place_in_text_and_panel_is_kept(self):
        write_in_place(WRONG)
        self.shows("wrong")
        self.browser.resize(1400, 300)
        places = "['#doc-content', '#study-body'].map(one => document.querySelector(one)?.scrollTop).join()"
        self.browser.value("document.querySelector('#doc-content').scrollTop = 1234")
        self.browser.value("document.querySelector('#study-body').scrollTop = 56")
        self.assertEqual(self.browser.value(places), "1234,56")
        self.browser.value("window.before = true")
        self.browser.value("location.reload()")
        self.browser.until(f"!window.before && {places} === '1234,56'")
        self.browser.value("location.href = '/other.html'")
        self.browser.until("location.pathname === '/other.html'")
        self.browser.value("history.back()")
        self.browser.until(f"location.pathname === {json.dumps(PAGE)} && {places} === '1234,56'")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
