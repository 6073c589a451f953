#!/usr/bin/env python3
"""Asks the server of `study` as pages, strangers and broken programs would.
    requests_test.py REPOSITORY COMMAND_LINE_PROGRAM STUDY_PROGRAM
"""

import os
import socket
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from study_tree import LESSON, PAGE, PROGRAM, Study  # noqa: E402
from watch_tree import DEADLINE, PRISTINE, RIGHT, STUB, TREE, WRONG, content, environment, until, write_in_place  # noqa: E402


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.study = Study("--pages", f"{TREE}/build/docs/html")

    @classmethod
    def tearDownClass(cls):
        assert cls.study.end() == 130

    def refused(self, path=PAGE, status=403, **how):
        self.assertEqual(self.study.ask(path, **how)[0], status, (path, how))

    def test_the_token_is_worth_a_cookie_and_leaves_the_address(self):
        status, headers, _ = self.study.ask(f"{PAGE}?token={self.study.token}", Cookie=None)
        self.assertEqual((status, headers["Location"]), (303, PAGE))
        self.assertEqual(headers["Set-Cookie"], f"{self.study.cookie}; HttpOnly; SameSite=Strict; Path=/")
        self.assertIn("the built page", self.study.ask(PAGE)[2])

    def test_without_the_token_everything_is_refused(self):
        for path in PAGE, "/", "/other.html", "/study/panel.js", "/study/events", f"/study/changes?lesson={LESSON}":
            self.refused(path, Cookie=None)
            self.refused(path, Cookie=f"study_{self.study.port}={'0' * 32}")
        self.refused(f"{PAGE}?token={'0' * 32}", Cookie=None)
        self.refused(f"{PAGE}?token=", Cookie=None)

    def test_a_foreign_host_is_refused(self):
        for host in "example.org", f"example.org:{self.study.port}", "127.0.0.1", "127.0.0.1:1", "", None:
            self.refused(Host=host)
        self.assertEqual(self.study.ask(PAGE, Host=f"localhost:{self.study.port}")[0], 200)

    def test_a_foreign_origin_is_refused(self):
        judge = {"method": "POST", "body": {"lesson": LESSON}}
        self.assertEqual(self.study.ask("/study/judge", **judge)[0], 200)
        for origin in "http://example.org", "null", f"https://{self.study.host}", f"http://localhost:{self.study.port}":
            self.refused(Origin=origin)
            self.refused("/study/judge", **judge, Origin=origin)
        self.refused("/study/judge", **judge, Origin=None)

    def test_nothing_outside_of_the_documentation_is_served(self):
        for path in ("/../../bin/workbook", "/%2e%2e/%2e%2e/bin/workbook", "/..%2f..%2fbin%2fworkbook", "/%252e%252e/x",
                     "/....//....//bin/workbook", "/etc/passwd", "/etc%2fpasswd", "//etc/passwd", "/\\..\\..\\x", "/%00",
                     "/index.html%00.js", "/.workbook/results.json", "/study/../../lessons/01_adding/adding.cpp",
                     "/study/%2e%2e/Doxyfile", "/lessons/01_adding/adding.cpp", "/index.html/", "/%ff", "/%"):
            self.refused(path, status=404)

    def test_the_headers_keep_pages_to_themselves(self):
        headers = self.study.ask(PAGE)[1]
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertNotIn("http", headers["Content-Security-Policy"])
        self.assertFalse([name for name in headers if name.lower().startswith("access-control")])
        kept = {path: self.study.ask(path)[1].get_all("Cache-Control") for path in (PAGE, "/mathjax/x.js", "/none")}
        self.assertEqual(kept, {PAGE: ["no-store"], "/mathjax/x.js": ["private, max-age=86400"], "/none": ["no-store"]})

    def test_what_is_broken_or_too_long_is_refused(self):
        for body in b"", b"{", b"[]", b"\xff" * 100:
            self.refused("/study/hint", method="POST", body=body, status=400)
        self.refused("/study/hint", method="POST", body=b" " * 5000, status=413)
        for method in "PUT", "DELETE", "PATCH":
            self.assertGreaterEqual(self.study.ask(PAGE, method=method)[0], 400)
        self.refused("/study/events?lesson=99_none", status=404)
        self.assertEqual(self.study.ask(PAGE)[0], 200)  # and it goes on

    def test_a_save_changes_what_the_stream_tells(self):
        write_in_place(WRONG)
        events = self.study.events()
        verdict = lambda wanted: next(s for s in events if (s["verdict"] or {}).get("name") == wanted)  # noqa: E731
        self.assertEqual(verdict("wrong")["passed"], 5)
        write_in_place(RIGHT)
        self.assertEqual(verdict("passed")["passed"], 6)
        self.assertIn("+", self.study.ask(f"/study/changes?lesson={LESSON}")[2])
        _, _, said = self.study.ask("/study/reset", method="POST", body={"lesson": LESSON, "confirmed": True})
        self.assertIn("Your work is kept in", said)
        self.assertEqual(content(STUB), PRISTINE)
        self.assertEqual(verdict("not_started")["passed"], 0)
        events.close()

    def test_it_listens_on_the_loopback_address_only(self):
        listening = []
        for table in "/proc/net/tcp", "/proc/net/tcp6":
            for _, address, _, state, *_ in (line.split() for line in content(table).splitlines()):
                if state == "0A" and address.endswith(f":{self.study.port:04X}"):
                    listening.append(address)
        self.assertEqual(listening, [f"0100007F:{self.study.port:04X}"])


class Opening(unittest.TestCase):
    def test_the_browser_gets_an_address_that_is_good_once(self):
        folder, opened = f"{TREE}/fake", f"{TREE}/fake/opened"
        os.makedirs(folder)
        with open(f"{folder}/xdg-open", "w") as opener:
            opener.write(f'#!/bin/sh\nprintf %s "$1" >"{opened}.new" && mv "{opened}.new" "{opened}"\n')
        os.chmod(f"{folder}/xdg-open", 0o755)
        study = Study(browser=None, DISPLAY=":99", PATH=f"{folder}:{os.environ['PATH']}")
        until(lambda: os.path.exists(opened), "an address that is opened")
        path = content(opened).removeprefix(f"http://{study.host}")
        self.assertRegex(path, rf"^{PAGE}\?token=[0-9a-f]{{32}}$")
        self.assertNotIn(study.token, path)
        self.assertEqual([study.ask(path, Cookie=None)[0] for _ in range(2)], [303, 403])
        self.assertEqual(study.end(), 130)  # whatever the browser does


class Ports(unittest.TestCase):
    def test_a_second_server_takes_another_port(self):
        first, second = Study(), Study()
        self.assertNotEqual(first.port, second.port)
        self.assertNotEqual(first.token, second.token)
        self.assertEqual(second.ask(PAGE, Cookie=f"study_{second.port}={first.token}")[0], 403)
        self.assertEqual((first.end(), second.end()), (130, 130))

    def test_a_port_that_is_taken_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.refused(f"expected a free port, found that {port} is taken", "--port", str(port))
        study = Study()
        self.refused(f"expected a free port, found that {study.port} is taken", "--port", str(study.port))
        self.assertEqual(study.end(), 130)

    def test_wrong_options_are_named(self):
        self.refused("--port", "--port", "70000")
        self.refused("--port", "--port", "none")
        self.refused("other", "--other")

    def refused(self, sentence, *options):
        ended = subprocess.run([PROGRAM, "--judge", f"{TREE}/build/bin/workbook", "--lesson", LESSON, *options], cwd=TREE,
                               env=environment(WORKBOOK_ROOT=TREE), capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(ended.returncode, 2, ended.stderr)
        self.assertIn(sentence, ended.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
