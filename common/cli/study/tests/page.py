"""A lesson's page of `study` in a browser without a window, for the tests beside this file. A test ends with 77 if there is no
Chromium. The program that imports this is called with REPOSITORY COMMAND_LINE_PROGRAM STUDY_PROGRAM."""

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
from study_tree import Study  # noqa: E402
from watch_tree import PRISTINE, TREE, write_in_place  # noqa: E402

PANEL = "document.querySelector('#study')"


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
