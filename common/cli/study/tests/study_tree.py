"""The workbook in miniature of watch_test.py, served by `study`, for the tests beside this file.
The program that imports this is called with REPOSITORY COMMAND_LINE_PROGRAM STUDY_PROGRAM."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests"))
from watch_tree import DEADLINE, REPOSITORY, TREE, content, environment  # noqa: E402

PROGRAM = sys.argv[3]
LESSON = "01_adding"
PAGE = f"/lesson_{LESSON}.html"
README = """# Adding

> **Predict.** (a) What is 2 + 3?

| | function | what it does | points |
|---|---|---|---|
| TODO(1) | `add` | adds | 4 |
| TODO(2) | `carry` | carries | 6 |

## What you should see

It fails at first.

Prediction (a): five of them.

## Further reading

[Another lesson](../02_adding_more/README.md), [elsewhere](https://example.org/).
"""
# A page with what Doxygen puts around a text: a navigation whose width is a variable of the style.
BUILT = """<!DOCTYPE html>
<html><body style="margin: 0; font: 16px sans-serif">
<div id="side-nav" style="position: fixed; width: 335px">navigation</div>
<div id="doc-content" style="margin-left: var(--side-nav-fixed-width, 335px); height: 100vh; overflow-y: auto">
<div class="contents">TEXT<p style="height: 4000px"></p></div></div>
</body></html>
"""


def prepare():
    """What the miniature lacks: the panel's files, a text with a prediction, and a page as Doxygen would build it."""
    shutil.copytree(f"{REPOSITORY}/docs/study", f"{TREE}/docs/study")
    with open(f"{TREE}/lessons/{LESSON}/README.md", "w") as readme:
        readme.write(README)
    about = json.loads(content(f"lessons/{LESSON}/lesson.json"))
    about["predictions"] = [{"label": "a", "asks": "2 + 3", "unit": "apples", "answer": "5", "test": "two and three"}]
    with open(f"{TREE}/lessons/{LESSON}/lesson.json", "w") as file:
        json.dump(about, file)
    os.makedirs(f"{TREE}/build/docs/html/mathjax")
    for name, text in ("index.html", "start"), (PAGE[1:], "the built page"), ("other.html", "other"), ("mathjax/x.js", ""):
        with open(f"{TREE}/build/docs/html/{name}", "w") as page:
            page.write(BUILT.replace("TEXT", text))
    os.symlink("/etc", f"{TREE}/build/docs/html/etc")


class Study:
    """The server, running."""

    def __init__(self, *options, browser="--no-browser", **variables):
        options += (browser,) if browser else ()
        self.errors = open(f"{TREE}/study_errors", "w+")
        self.process = subprocess.Popen(
            [PROGRAM, "--judge", f"{TREE}/build/bin/workbook", "--lesson", LESSON, *options], cwd=TREE,
            env=environment(WORKBOOK_ROOT=TREE, **variables), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.address = None
        for line in self.process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)(/\S*)\?token=([0-9a-f]{32})$", line.strip()):
                self.address, self.port, self.page, self.token = found[0], int(found[1]), found[2], found[3]
                break
        if self.address is None:
            raise AssertionError(f"no address; exit code {self.process.wait(DEADLINE)}\n{content(self.errors.name)}")
        self.host = f"127.0.0.1:{self.port}"
        self.cookie = f"study_{self.port}={self.token}"

    def ask(self, path, method="GET", body=None, **headers):
        """(status, headers, body) of a request as the panel would make it, but for these headers; None leaves one out."""
        sent = {"Host": self.host, "Cookie": self.cookie}
        if method != "GET":
            sent["Origin"] = f"http://{self.host}"
        sent = {name: value for name, value in {**sent, **headers}.items() if value is not None}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.putrequest(method, path, skip_host=True)
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        if method != "GET":
            sent["Content-Length"] = str(len(data))
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(data if method != "GET" else None)
        answer = connection.getresponse()
        got = answer.status, answer.headers, answer.read().decode()
        connection.close()
        return got

    def events(self):
        """The snapshots, as they come."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request("GET", f"/study/events?lesson={LESSON}", headers={"Cookie": self.cookie})
        answer = connection.getresponse()
        assert answer.headers["Content-Type"] == "text/event-stream", answer.headers
        try:
            while line := answer.readline():
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])
        finally:
            answer.close()
            connection.close()

    def end(self):
        """Ctrl-C. @returns the exit code"""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(DEADLINE)
        self.process.stdout.close()
        self.errors.close()
        return code


prepare()
