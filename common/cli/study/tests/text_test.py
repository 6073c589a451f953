#!/usr/bin/env python3
"""Opens a lesson's page of `study` in a browser without a window, and looks at what the panel makes of the text beside it.
77: there is no Chromium.
    text_test.py REPOSITORY COMMAND_LINE_PROGRAM STUDY_PROGRAM
"""

import json
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from page import PANEL, Page  # noqa: E402
from study_tree import PAGE  # noqa: E402
from watch_tree import RIGHT, TREE, WRONG, content, source, until, write_in_place  # noqa: E402


class Text(Page):
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
