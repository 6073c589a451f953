"""A workbook in miniature for watch_test.py, ways to save a file in it, and `watch` without and with a terminal.
The program that imports this is called with REPOSITORY COMMAND_LINE_PROGRAM."""

import atexit
import errno
import fcntl
import json
import os
import re
import select
import shutil
import struct
import subprocess
import sys
import signal
import termios
import time

from screen_model import Screen

DEADLINE = 120  # generous: machines are shared; nothing waits longer than it must
STUB = "lessons/01_adding/adding.cpp"
REPOSITORY, PROGRAM = sys.argv[1:3]
KEYS = " n next failure  h hint  d diff  r reset  a run all  N next lesson  q quit"

# What a checker says of the worker's output: "@name verdict" is the verdict of that test, the others pass. With the verdict
# "held" a test takes until somebody writes to a pipe, and passes.
CHECKER = r"""#!/usr/bin/env python3
import json, subprocess, sys
options = sys.argv[1:]
value = lambda name: options[options.index(name) + 1]
names = {"carries": ("advanced", "carry"), "carries twice": ("advanced", "carry"), "two and three": ("basic", "add"),
         "rounds": ("basic", "round"), "adds nothing": ("advanced", "add"), "carries nothing": ("basic", "carry")}
tests = [{"id": name.replace(" ", "-"), "name": name, "group": group, "function": function, "points": 2}
         for name, (group, function) in names.items()]
if "--list" in options:
    sys.exit(print(json.dumps(tests)))
ended = subprocess.run([value("--worker"), value("--plugin")], capture_output=True)
said = ended.stdout.decode("utf-8", "replace").splitlines()
verdicts = dict(line[1:].rsplit(" ", 1) for line in said if line.startswith("@"))
rest = "\n".join(line for line in said if not line.startswith("@"))
verdicts.setdefault("two and three", {0: "passed", 1: "wrong", 10: "not_started"}.get(ended.returncode, "crashed"))
open(sys.argv[0] + ".runs", "a").write("x")
default = "not_started" if ended.returncode == 10 else "passed"
report = open(value("--report"), "a")
emit = lambda event: print(json.dumps(event), file=report, flush=True)
emit({"event": "run", "tests": len(tests), "planned": tests})
order = ["passed", "not_verifiable_here", "not_started", "too_much_workspace", "wrong", "out_of_memory", "timed_out", "crashed"]
gravest, passed = "passed", 0
for test in reversed(tests):
    verdict = verdicts.get(test["name"], default)
    if verdict == "held":
        verdict = "passed" + open(sys.argv[0] + ".pipe").read()
    gravest = max(gravest, verdict, key=order.index)
    passed += verdict == "passed"
    lines = "".join(f"line {i} of what {test['name']} says\n" for i in range(1, 31))
    emit({"event": "test", **test, "verdict": verdict, "points": 2 * (verdict == "passed"), "max_points": 2,
          "message": rest or lines, "remarks": ["workspace 6 KiB"] * (test["name"] == "rounds"), "output": rest})
emit({"event": "end", "verdict": gravest, "passed": passed, "total": len(tests), "points": 2 * passed,
      "max_points": 2 * len(tests)})
"""


def make_tree():
    """The workbook in miniature, with three exercises."""
    made = subprocess.run(
        ["bash", "-c", '. "$(dirname "$0")/miniature.sh" "$1" "$2"; make_tree; trap - EXIT; pwd', os.path.abspath(__file__),
         REPOSITORY, PROGRAM], capture_output=True, text=True, check=True)
    tree = made.stdout.splitlines()[-1]
    with open(f"{tree}/checker.sh", "w") as checker:
        checker.write(CHECKER)
    about = json.loads(content(f"{tree}/lessons/01_adding/lesson.json"))
    about["exercises"] = [{"todo": i + 1, "function": name} for i, name in enumerate(["add", "carry", "round"])]
    with open(f"{tree}/lessons/01_adding/lesson.json", "w") as file:
        json.dump(about, file)
    with open(f"{tree}/lessons/01_adding/hints.md", "w") as hints:
        for todo in 1, 2, 3:
            hints.write(f"# TODO({todo})\n1. Concept {todo}.\n2. Invariant {todo}.\n3. Code {todo}.\n\n")
    return tree


def source(body, verdicts=(), says=""):
    """A file of the student that is judged so."""
    lines = [f"@{verdict}" for verdict in verdicts] + ([says] if says else [])
    octal = ["".join(f"\\{byte:03o}" for byte in line.encode()) for line in lines]
    prints = "".join(f'  std::puts("{line}");\n' for line in octal)
    return f'#include "adding.h"\n#include <cstdio>\nint workbook::adding::add(int a, int b) {{\n{prints}  {body}\n}}\n'


RIGHT, WRONG = source("return a + b;"), source("return a - b;")


def content(path):
    with open(path if path.startswith("/") else f"{TREE}/{path}", newline="") as file:
        return file.read()


def held(text):
    """Takes for ever to compile: the compiler waits for somebody who writes to a pipe."""
    if not os.path.exists(f"{TREE}/pipe"):
        os.mkfifo(f"{TREE}/pipe")
    return f'#include "{TREE}/pipe"\n#include "{TREE}/pipe"\n{text}'


def is_compiled():
    """Whether a compiler has come to the first pipe of held(); it goes on to the second then."""
    try:
        os.close(os.open(f"{TREE}/pipe", os.O_WRONLY | os.O_NONBLOCK))
        return True
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        time.sleep(0.01)
        return False


def write_in_place(text, path=STUB):
    with open(f"{TREE}/{path}", "w", newline="") as file:
        file.write(text)


def rename_over(text):
    write_in_place(text, f"{STUB}.new")
    os.rename(f"{TREE}/{STUB}.new", f"{TREE}/{STUB}")


def delete_and_create(text):
    os.remove(f"{TREE}/{STUB}")
    write_in_place(text)


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WORKBOOK_") and name != "NO_COLOR"}
    return {**kept, "TERM": "xterm", "LC_ALL": "C.UTF-8", **more}


def until(condition, what, describe=lambda: ""):
    """Waits for something that must come true."""
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"expected {what}, waited in vain\n{describe()}")


class Lines:
    """`watch` without a terminal."""

    def __init__(self):
        self.errors = open(f"{TREE}/errors", "w+")
        self.process = subprocess.Popen(["./workbook", "watch", "01"], cwd=TREE, env=environment(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=self.errors)
        self.said = b""

    def next(self):
        """The next line. @raises AssertionError if none comes"""
        def whole():
            if b"\n" not in self.said and select.select([self.process.stdout], [], [], 0.5)[0]:
                self.said += os.read(self.process.stdout.fileno(), 65536)
            return b"\n" in self.said
        until(whole, "a line", lambda: content(self.errors.name))
        line, _, self.said = self.said.partition(b"\n")
        return line.decode()

    def rests(self):
        """Whether it waits, and judges nothing."""
        process = f"/proc/{self.process.pid}"
        return not content(f"{process}/task/{self.process.pid}/children") and content(f"{process}/stat").split(") ")[1][0] == "S"

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(DEADLINE)
        rest = self.said + self.process.stdout.read()
        self.process.stdout.close()
        self.errors.close()
        return code, rest.decode()


class Terminal:
    """`watch` on a terminal of 24 rows, or another command."""

    def __init__(self, command=("./workbook", "watch", "01"), rows=24, columns=80, **more):
        self.master, self.slave = os.openpty()
        self.screen = Screen(rows, columns)
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(command, cwd=TREE, env=environment(**more), stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, preexec_fn=self.own_terminal)

    @staticmethod
    def own_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def resize(self, rows, columns):
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, patience=0.2):
        while select.select([self.master], [], [], patience)[0]:
            self.screen.feed(os.read(self.master, 65536))
            patience = 0

    def press(self, keys):
        os.write(self.master, keys.encode())

    def expect(self, *patterns):
        def shown():
            self.read()
            return all(re.search(pattern, self.screen.text(), re.MULTILINE) for pattern in patterns)
        until(shown, f"{patterns} on the screen", self.screen.text)

    def text(self):
        self.read(0)
        return self.screen.text()

    def end(self):
        until(lambda: self.read() or self.process.poll() is not None, "the end of the program", self.screen.text)
        self.read()
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


TREE = make_tree()
atexit.register(shutil.rmtree, os.path.dirname(TREE))
PRISTINE = content(STUB)
